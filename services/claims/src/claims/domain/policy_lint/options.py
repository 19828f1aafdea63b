"""What the linter may be told besides the books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

NEED: Final = (
    frozenset({"tekun", "orphan"}),
    frozenset({"hardship_child", "tekun_worker"}),
    frozenset({"dibao", "returned_poor"}),
    frozenset({"monitored", "marginal", "low_income", "lifted"}),
    frozenset({"illness_poor"}),
    frozenset[str](),
)
"""Identity classes from the poorest on (国办发〔2021〕42号, 第二条: 特困, 低保, 低保边缘 and 监测对象, 因病致贫), last: no class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LintOptions:
    """``cliff_fen``: a fen more cost may take away at most this much. ``top_fen``: up to which cost of a claim the rules are
    solved. ``premium_classes``: identity classes that the premium rules of the place know, by scheme, with where they stand.
    ``most_kinds``: more kinds of claims than this are not solved, and the linter says so."""

    cliff_fen: int = 100
    top_fen: int = 100_000_000
    premium_classes: Mapping[str, str] = field(default_factory=dict)
    most_kinds: int = 20_000
