"""A year of an account, by hand and by property."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from claims.domain.accounts.interest import AccountYear, Moved, close_year
from claims.domain.accounts.rules import InterestPeriod, InterestRules
from shared.rules import Origin, Rate

ORIGIN = Origin("test", 1)
RULES = InterestRules(
    day_count=360,
    periods=(InterestPeriod(effective_from=date(2015, 10, 24), carried_over=Rate(11_000), current=Rate(3_500), origin=ORIGIN),),
    sources={},
)
NEXT = date(2026, 1, 1)


def test_carried_over_money_earns_the_three_month_rate_for_the_whole_year() -> None:
    # 1,000.00 x 365 days x 1.10 % / 360 = 11.1527... yuan
    assert close_year(100_000, [], 2025, RULES, until=NEXT) == AccountYear(
        opening_fen=100_000, credited_fen=0, spent_fen=0, interest_fen=1_115, closing_fen=101_115
    )


def test_money_of_the_year_earns_the_current_rate_from_its_day() -> None:
    # 500.00 from 1 July: 184 days x 0.35 % / 360 = 0.8944... yuan
    year = close_year(0, [Moved(date(2025, 7, 1), 50_000)], 2025, RULES, until=NEXT)
    assert (year.credited_fen, year.interest_fen, year.closing_fen) == (50_000, 89, 50_089)


def test_spending_takes_the_income_of_the_year_first_and_what_comes_back_fills_the_carried_over_money_first() -> None:
    moved = [
        Moved(date(2025, 1, 1), 20_000),
        Moved(date(2025, 4, 1), -50_000),
        Moved(date(2025, 7, 1), 50_000, given_back=True),
    ]
    # Jan-Mar (90 days): carried 1,000.00, current 200.00; Apr-Jun (91): 700.00, 0; Jul-Dec (184): 1,000.00, 200.00
    carried = 90 * 100_000 + 91 * 70_000 + 184 * 100_000
    current = 90 * 20_000 + 184 * 20_000
    exact = Fraction(carried * 11_000 + current * 3_500, 360 * 1_000_000)
    year = close_year(100_000, moved, 2025, RULES, until=NEXT)
    assert year.interest_fen == 1_085 == int(exact + Fraction(1, 2))
    assert (year.credited_fen, year.spent_fen, year.closing_fen) == (20_000, 0, 121_085)


def test_interest_runs_until_the_day_of_the_payout() -> None:
    # 1,000.00 x 59 days x 1.10 % / 360 = 1.8027... yuan
    assert close_year(100_000, [], 2026, RULES, until=date(2026, 3, 1)).interest_fen == 180


def test_a_change_of_rates_divides_the_year() -> None:
    rules = InterestRules(
        day_count=360,
        periods=(
            InterestPeriod(
                effective_from=date(2015, 10, 24),
                effective_to=date(2025, 6, 30),
                carried_over=Rate(11_000),
                current=Rate(3_500),
                origin=ORIGIN,
            ),
            InterestPeriod(effective_from=date(2025, 7, 1), carried_over=Rate(8_000), current=Rate(500), origin=ORIGIN),
        ),
        sources={},
    )
    # 181 days at 1.10 % = 5.5305..., 184 at 0.80 % = 4.0888...: 9.6194... yuan
    assert close_year(100_000, [], 2025, rules, until=NEXT).interest_fen == 962


@st.composite
def histories(draw: st.DrawFn) -> tuple[int, list[Moved]]:
    """An opening and a year's movements that never overdraw."""
    opening = balance = draw(st.integers(0, 10**7))
    moved = []
    for offset in sorted(draw(st.lists(st.integers(0, 364), max_size=12))):
        spend = draw(st.booleans()) and balance > 0
        amount = -draw(st.integers(1, balance)) if spend else draw(st.integers(1, 10**6))
        moved.append(Moved(date(2025, 1, 1) + timedelta(days=offset), amount, not spend and draw(st.booleans())))
        balance += amount
    return opening, moved


@given(histories())
def test_a_year_adds_up_and_earns_between_the_two_rates(history: tuple[int, list[Moved]]) -> None:
    opening, moved = history
    year = close_year(opening, moved, 2025, RULES, until=NEXT)
    assert year.opening_fen + year.credited_fen - year.spent_fen + year.interest_fen == year.closing_fen
    assert year.closing_fen - year.interest_fen == opening + sum(m.amount_fen for m in moved)
    product, balance, day = 0, opening, date(2025, 1, 1)
    for m in (*moved, Moved(NEXT, 0)):
        product += balance * (m.day - day).days
        balance, day = balance + m.amount_fen, m.day
    low, high = (Fraction(product * rate, 360 * 1_000_000) for rate in (3_500, 11_000))
    assert low - Fraction(1, 2) <= year.interest_fen <= high + Fraction(1, 2)
