"""Rules as dated data: YAML into typed frozen objects, versions by date, digests. Machinery only, no rule of any place.

A rule file is read against a dataclass: its fields are the keys, their types say what may stand there (see
``shared.rules.reading``). Whatever is wrong is a ``RuleError`` that names file and line.
"""

from shared.rules.dated import Dated, in_force, in_order
from shared.rules.digest import digest_of, plain
from shared.rules.files import rule_texts
from shared.rules.reading import read_rules
from shared.rules.schema import json_schema
from shared.rules.values import Fen, Origin, Points, Rate, RuleError

__all__ = [
    "Dated",
    "Fen",
    "Origin",
    "Points",
    "Rate",
    "RuleError",
    "digest_of",
    "in_force",
    "in_order",
    "json_schema",
    "plain",
    "read_rules",
    "rule_texts",
]
