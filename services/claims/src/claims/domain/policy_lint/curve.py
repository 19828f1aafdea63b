"""An amount as a function of the cost of a claim: exact, piecewise linear. The kernel's ``pay`` computes with it as with a number,
so the solver has no second arithmetic of its own.

Rounding is left out: the half that the kernel adds before each whole division is taken off again, so a curve is within a fen of
what the kernel pays at each layer; whoever reports a point of a curve asks the kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TypeAlias

from claims.domain.adjudication.kernel import Ops

Line: TypeAlias = tuple[Fraction, Fraction]
"""Value at cost 0, and gain per fen of cost."""
Number: TypeAlias = "int | Curve"

_ZERO = Fraction(0)
_ONE = Fraction(1)


class Curve:
    """Lines from left to right: ``pieces`` are (from which cost on, line); the first begins at 0 and the last never ends."""

    __slots__ = ("pieces",)
    __hash__ = None  # type: ignore[assignment]  # comparing curves gives a curve

    def __init__(self, pieces: list[tuple[Fraction, Line]]) -> None:
        kept: list[tuple[Fraction, Line]] = []
        for start, line in pieces:
            if not kept or kept[-1][1] != line:
                kept.append((start, line))
        self.pieces = tuple(kept)

    @classmethod
    def cost(cls) -> Curve:
        """The cost itself."""
        return cls([(_ZERO, (_ZERO, _ONE))])

    @classmethod
    def constant(cls, value: int | Fraction) -> Curve:
        """The same at every cost."""
        return cls([(_ZERO, (Fraction(value), _ZERO))])

    def at(self, cost: int | Fraction) -> Fraction:
        """The value at a cost; where the curve jumps, the value to the right."""
        line = next(line for start, line in reversed(self.pieces) if start <= cost)
        return line[0] + line[1] * cost

    def before(self, cost: int | Fraction) -> Fraction:
        """What the value tends to from the left of a cost above 0."""
        line = next(line for start, line in reversed(self.pieces) if start < cost)
        return line[0] + line[1] * cost

    def breaks(self) -> list[Fraction]:
        """Costs above 0 at which the line changes."""
        return [start for start, _ in self.pieces[1:]]

    def first(self, holds: Callable[[Fraction, Fraction], bool], top: int) -> Fraction | None:
        """The first end of a piece, up to ``top``, at which (value, gain) satisfy ``holds``; None when none does."""
        ends = [*self.breaks(), Fraction(top)]
        for (start, line), end in zip(self.pieces, ends, strict=False):
            for cost in (start, min(end, Fraction(top))):
                if start <= cost <= top and holds(line[0] + line[1] * cost, line[1]):
                    return cost
        return None

    def _with(self, other: Number | bool) -> Iterator[tuple[Fraction, Line, Line]]:
        """Both on common pieces."""
        right = other if isinstance(other, Curve) else Curve.constant(int(other))
        starts = sorted({start for start, _ in (*self.pieces, *right.pieces)})
        i = j = 0
        for start in starts:
            while i + 1 < len(self.pieces) and self.pieces[i + 1][0] <= start:
                i += 1
            while j + 1 < len(right.pieces) and right.pieces[j + 1][0] <= start:
                j += 1
            yield start, self.pieces[i][1], right.pieces[j][1]

    def __add__(self, other: Number) -> Curve:
        return Curve([(start, (a[0] + b[0], a[1] + b[1])) for start, a, b in self._with(other)])

    __radd__ = __add__

    def __neg__(self) -> Curve:
        return Curve([(start, (-a[0], -a[1])) for start, a in self.pieces])

    def __sub__(self, other: Number) -> Curve:
        return Curve([(start, (a[0] - b[0], a[1] - b[1])) for start, a, b in self._with(other)])

    def __rsub__(self, other: int) -> Curve:
        return -self + other

    def __mul__(self, other: Number) -> Curve:
        return Curve([(start, _product(a, b)) for start, a, b in self._with(other)])

    __rmul__ = __mul__

    def __floordiv__(self, divisor: int) -> Curve:
        half = Fraction(divisor // 2)
        return Curve([(start, (Fraction(a[0] - half, divisor), Fraction(a[1], divisor))) for start, a in self.pieces])

    def __le__(self, other: Number) -> Curve:
        return _steps(self, other, lambda a, b: a <= b)

    def __ge__(self, other: Number) -> Curve:
        return _steps(self, other, lambda a, b: a >= b)

    def __lt__(self, other: Number) -> Curve:
        return _steps(self, other, lambda a, b: a < b)

    def __gt__(self, other: Number) -> Curve:
        return _steps(self, other, lambda a, b: a > b)

    def __eq__(self, other: object) -> Curve:  # type: ignore[override]  # a truth for each cost
        if not isinstance(other, int | Curve):
            return NotImplemented
        return _steps(self, other, lambda a, b: a == b)

    def __or__(self, other: Number) -> Curve:
        return as_curve(larger(self, other))

    __ror__ = __or__


def smaller(left: Number, right: Number) -> Number:
    """The smaller of two at each cost."""
    if isinstance(left, int) and isinstance(right, int):
        return min(left, right)
    return _choose(left, right, least=True)


def larger(left: Number, right: Number) -> Number:
    """The larger of two at each cost."""
    if isinstance(left, int) and isinstance(right, int):
        return max(left, right)
    return _choose(left, right, least=False)


def _element(values: tuple[int, ...], index: Number) -> int:
    if isinstance(index, Curve):
        raise TypeError("the turn of a stay does not depend on its cost")
    return values[index]


CURVES = Ops(smaller, larger, _element)
"""What the kernel needs to compute with curves."""


def as_curve(value: Number) -> Curve:
    """A number as a curve."""
    return value if isinstance(value, Curve) else Curve.constant(value)


def _choose(left: Number, right: Number, *, least: bool) -> Curve:
    pieces = []
    for start, a, b in _split(as_curve(left), right):
        probe = _inside(start, a, b)
        a_first = a[0] + a[1] * probe <= b[0] + b[1] * probe
        pieces.append((start, a if a_first == least else b))
    return Curve(pieces)


def _steps(left: Curve, right: Number, holds: Callable[[Fraction, Fraction], bool]) -> Curve:
    pieces = []
    for start, a, b in _split(left, right):
        probe = _inside(start, a, b)
        pieces.append((start, (Fraction(int(holds(a[0] + a[1] * probe, b[0] + b[1] * probe))), _ZERO)))
    return Curve(pieces)


def _split(left: Curve, right: Number) -> Iterator[tuple[Fraction, Line, Line]]:
    """Common pieces, cut where the two lines cross."""
    pieces = list(left._with(right))
    for n, (start, a, b) in enumerate(pieces):
        yield start, a, b
        if a[1] != b[1]:
            crossing = Fraction(b[0] - a[0], a[1] - b[1])
            end = pieces[n + 1][0] if n + 1 < len(pieces) else None
            if start < crossing and (end is None or crossing < end):
                yield crossing, a, b


def _inside(start: Fraction, a: Line, b: Line) -> Fraction:
    """A cost to the right of ``start`` and before the lines cross next."""
    if a[1] == b[1]:
        return start
    crossing = Fraction(b[0] - a[0], a[1] - b[1])
    return Fraction(start + crossing, 2) if crossing > start else start + 1


def _product(a: Line, b: Line) -> Line:
    if a[1] and b[1]:
        raise TypeError("a product of two amounts")
    return a[0] * b[0], a[0] * b[1] + a[1] * b[0]
