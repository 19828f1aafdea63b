"""Money is exact, and nothing happens by the machine's clock or by chance."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.linters.source import SERVICES, Finding, Source, dotted

_MONEY_MODULES = ({"shared", "money"}, {"shared", "ledger"}, {"shared", "rules"})
_CLOCK_AND_CHANCE = (
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
    "uuid.uuid1",
    "uuid.uuid4",
    "uuid1",
    "uuid4",
)
_CHANCE_MODULES = ("random.", "secrets.", "numpy.random.", "np.random.")
# Fresh keys, nonces, back-off jitter and where a serial starts may be chance: nothing is decided by them.
_MAY_USE_CHANCE = (
    "shared.ids",
    "shared.crypto",
    "shared.auth",
    "shared.messaging",
    "shared.db",
    "claims.entrypoints.his.answers",
)


def exact_money(source: Source) -> Iterator[Finding]:
    """No float in a domain, in ``shared.money``, ``shared.ledger`` or ``shared.rules``: no literal, no type, no ``/``."""
    if source.room != "domain" and set(source.parts[:2]) not in _MONEY_MODULES:
        return
    for node in source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield source.finding(node, "exact-money", f"the literal {node.value} is a float; use integers or Decimal text")
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield source.finding(node, "exact-money", "/ makes floats; use // or shared.money.share")
        elif isinstance(node, ast.Call) and dotted(node.func) in ("float", "math.floor", "math.ceil", "round"):
            yield source.finding(node, "exact-money", f"{dotted(node.func)}() is not for money; use shared.money")
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation and dotted(node.annotation) == "float":
            yield source.finding(node, "exact-money", "a float parameter or field; amounts are int fen, rates int millionths")


def clocks_and_chance(source: Source) -> Iterator[Finding]:
    """Services and ``shared`` ask a ``Clock`` for the time and an ``IdFactory`` for ids."""
    if source.package not in (*SERVICES, "shared"):
        return
    module = ".".join(source.parts)
    for node in source.nodes:
        if not isinstance(node, ast.Call):
            continue
        name = dotted(node.func)
        reads_clock = module != "shared.clock" and any(name == f or name.endswith(f".{f}") for f in _CLOCK_AND_CHANCE)
        rolls_dice = not module.startswith(_MAY_USE_CHANCE) and name.startswith(_CHANCE_MODULES)
        if reads_clock or rolls_dice:
            yield source.finding(node, "clock-and-chance", f"{name}(): take a shared.clock.Clock or a shared.ids.IdFactory")
