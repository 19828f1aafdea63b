"""What a conversion moves, in fen: the bill's work-injury version against what everybody paid (reference B0.3, B0.5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from shared.contracts.claims import FundPayment
from shared.ledger import Book
from workinjury_bridge.domain import party
from workinjury_bridge.domain.bill import BillLine, assess
from workinjury_bridge.domain.meals import inpatient_days
from workinjury_bridge.domain.policy import BridgePolicy, Circumstance
from workinjury_bridge.domain.refusals import figures_do_not_close, mixed_stay, nothing_to_convert
from workinjury_bridge.domain.split import KeptLine, Parts, Ratio, by_ratio, kept_of, parts_of
from workinjury_bridge.domain.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicalBill:
    """The medical version v1 of a stay as claims states it: who paid what, and every line."""

    begun_on: date
    ended_on: date
    total_fen: int
    cash_fen: int
    payments: tuple[FundPayment, ...]
    """p_f(v1) per book and account."""
    lines: tuple[BillLine, ...]
    hospital_fen: int = 0
    """What the hospital bears beyond the price of a package: total = payments + cash + this."""
    overpaid_fen: int = 0
    """Cash that the hospital took beyond the bill as an audit has put it right: gross deduction less the funds' part."""
    audited_lines: tuple[str, ...] = ()
    """Lines that the medical funds' audit has put right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The medical version v2 as claims decides it: what each book is owed then, and the cash of the kept part."""

    owed: tuple[FundPayment, ...]
    """t_f = p_f(v1) - p_f(v2) per book and account."""
    cash_fen: int
    hospital_fen: int = 0
    """What the hospital bears of the kept part beyond the price of a package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything that is moved, and between whom."""

    total_fen: int
    work_injury_fen: int
    """E."""
    person_fen: int
    """X_p."""
    hospital_fen: int
    """X_h."""
    cash_fen: int
    """Cash in v1."""
    meals_fen: int
    """Allowance of the fund."""
    owed: tuple[FundPayment, ...]
    """t_f per book and account."""
    payer: str
    """Who paid the cash and gets it back."""
    beneficiary: str
    """Who gets the allowance."""
    unrelated_fen: int = 0
    """N."""
    kept_cash_fen: int = 0
    """Cash of the kept part, v2."""
    keep_lines: tuple[KeptLine, ...] = ()
    employer: str | None = None
    """Who owes ``employer_owed``: an uninsured employer, or one that filed late."""
    employer_owed: tuple[FundPayment, ...] = ()
    """Of t_f, what the employer owes each book itself (t_E)."""
    employer_cost_fen: int = 0
    """Of E, what the employer bears because it filed late (E_pre)."""
    employer_meals_fen: int = 0
    """Allowance that the employer owes the person outside the books (filed late)."""
    debtor: str | None = None
    """Who owes the fund what it advances; None: the fund bears its cost."""
    prepaid_fen: int = 0
    """K: what the debtor has given the person already; it reduces the advance."""
    uninsured: str | None = None
    """The employer that was not insured: it owes the funds ``employer_owed``, the old allowance, and what no third party owes."""
    new_cost_fen: int = 0
    """Of E, what arose since the employer's back-payment took effect: the fund's own (条例 art. 62)."""
    new_meals_fen: int = 0
    """Of the allowance, the same."""
    hospital_due_fen: int = 0
    """What the hospital bore of a package price and gets from the fund, which pays by line; negative: what it gained."""
    overpaid_fen: int = 0
    """Cash taken beyond the bill as an audit has put it right (gross deduction less the funds' part): refunded, the hospital owes it."""
    audited_lines: tuple[str, ...] = ()
    """Lines cut before the conversion: none is cut twice (B12)."""

    @property
    def refund_fen(self) -> int:
        """Cash that is given back altogether, to the payer of record; negative when the person owes (B0.5)."""
        return self.cash_fen + self.overpaid_fen - self.kept_cash_fen - self.person_fen

    @property
    def close(self) -> bool:
        """E + X_h = sum of t_f + refund (B15.4), with what a package price or an audit has shifted."""
        paid = self.work_injury_fen + self.hospital_fen + self.overpaid_fen
        return paid == self.owed_fen + self.refund_fen + self.hospital_due_fen

    @property
    def owed_fen(self) -> int:
        """Sum of t_f."""
        return sum(p.amount_fen for p in self.owed)

    @property
    def employer_owed_fen(self) -> int:
        """Sum of t_E."""
        return sum(p.amount_fen for p in self.employer_owed)

    @property
    def employer_refund_fen(self) -> int:
        """What an employer that filed late owes the payer directly, outside the books: E_pre - t_E."""
        return self.employer_cost_fen - self.employer_owed_fen if self.employer_cost_fen else 0

    @property
    def fund_refund_fen(self) -> int:
        """Of the refund, what comes from the work-injury fund."""
        return self.refund_fen - self.employer_refund_fen - self.prepaid_fen

    @property
    def cost_fen(self) -> int:
        """What the work-injury fund takes over of the treatment: its expense and its advance."""
        uninsured = self.employer_owed_fen if self.uninsured is not None else 0
        return self.work_injury_fen - self.employer_cost_fen - uninsured - self.prepaid_fen

    @property
    def expense_fen(self) -> int:
        """Of it, what the fund bears itself from the first: everything without a debtor, else what arose since a back-payment."""
        if self.debtor is None:
            return self.cost_fen
        return self.new_cost_fen if party.is_employer(self.debtor) else 0

    @property
    def meals_expense_fen(self) -> int:
        """Of the allowance, what the fund bears itself."""
        return self.meals_fen if self.uninsured is None else self.new_meals_fen

    @property
    def advances(self) -> dict[str, int]:
        """Who owes the fund what it advances: the debtor the treatment, an uninsured employer the allowance too (B6, B7)."""
        sums: dict[str, int] = {}
        if self.debtor is not None:
            sums[self.debtor] = self.cost_fen - self.expense_fen
        if self.uninsured is not None:
            sums[self.uninsured] = sums.get(self.uninsured, 0) + self.meals_fen - self.new_meals_fen
        return {who: amount for who, amount in sums.items() if amount}

    @property
    def claim_on_hospital_fen(self) -> int:
        """What the hospital owes the fund (1122): X_h, cash taken beyond a corrected bill, what it gained by a package price."""
        return self.hospital_fen + self.overpaid_fen + max(0, -self.hospital_due_fen)

    @property
    def payable_fen(self) -> int:
        """To be paid out by the fund, before any debt is set off: refund, unless negative, and allowance."""
        return max(0, self.fund_refund_fen) + self.meals_fen

    @property
    def concern_the_fund(self) -> bool:
        """Whether anything is booked in the work-injury fund: not when an employer owes a medical fund everything there is."""
        moved = (self.cost_fen, self.meals_fen, self.claim_on_hospital_fen, self.hospital_due_fen, self.fund_refund_fen)
        return any(moved) or bool(self.owed_by_book())

    @property
    def payables(self) -> tuple[tuple[str, str, int], ...]:
        """(kind, party, fen) of what the fund pays out."""
        items = (("refund", self.payer, max(0, self.fund_refund_fen)), ("meals", self.beneficiary, self.meals_fen))
        return tuple(item for item in items if item[2])

    def employer_owed_by_book(self) -> dict[Book, int]:
        """t_E per book."""
        return _by_book(self.employer_owed)

    def owed_by_book(self) -> dict[Book, int]:
        """What the work-injury fund owes per book, pool and account together, in the order of the bill: t_f - t_E."""
        taken = self.employer_owed_by_book()
        sums = {book: amount - taken.get(book, 0) for book, amount in _by_book(self.owed).items()}
        return {book: amount for book, amount in sums.items() if amount > 0}


def lines_to_keep(bill: MedicalBill, terms: Terms) -> tuple[KeptLine, ...]:
    """What of the bill is no work injury; empty without a split."""
    return kept_of(_related(bill, terms))


def convert(bill: MedicalBill, policy: BridgePolicy, *, inpatient: bool, terms: Terms, kept: Kept | None = None) -> Figures:
    """The figures of a conversion. ``kept``: v2, when the split leaves something to the medical funds.

    Refuses a flagged line that nobody has split off, and a bill that does not close: E + X_h = sum of t_f + refund must hold to the fen,
    with what a package price or an audit has shifted between the hospital and the others.
    """
    terms = terms.for_stay(bill.begun_on)
    if terms.split is None and not all(line.related for line in bill.lines):
        raise mixed_stay()
    related = [line for _, line in _related(bill, terms)]
    version = assess(related, policy)
    days = inpatient_days(bill.begun_on, bill.ended_on) if inpatient else 0
    ours = days if terms.late_until is None else _days_from(bill, terms.late_until, days)
    since = terms.late_until or terms.insured_from
    early_cost = 0
    if since is not None:
        early = [line for line in related if (line.charged_on or bill.begun_on) < since]
        early_cost = assess(early, policy).work_injury_fen
    late_cost = early_cost if terms.late_until is not None else 0
    new_cost = version.work_injury_fen - early_cost if terms.insured_from is not None else 0
    owed = bill.payments if kept is None else kept.owed
    borne = late_cost if terms.uninsured is None else version.work_injury_fen - new_cost
    employer_owed = _employer_owed(owed, version.work_injury_fen, borne)
    figures = Figures(
        total_fen=bill.total_fen,
        work_injury_fen=version.work_injury_fen,
        person_fen=version.person_fen,
        hospital_fen=version.hospital_fen,
        cash_fen=bill.cash_fen,
        meals_fen=ours * policy.meals.per_day,
        owed=owed,
        payer=terms.payer,
        beneficiary=terms.beneficiary,
        unrelated_fen=bill.total_fen - version.total_fen,
        kept_cash_fen=0 if kept is None else kept.cash_fen,
        keep_lines=lines_to_keep(bill, terms),
        employer=(terms.late_employer if late_cost else terms.uninsured) if employer_owed or late_cost else None,
        employer_owed=employer_owed,
        employer_cost_fen=late_cost,
        employer_meals_fen=(days - ours) * policy.meals.per_day,
        debtor=terms.debtor,
        uninsured=terms.uninsured,
        new_cost_fen=new_cost,
        new_meals_fen=0
        if terms.insured_from is None
        else min(ours, _days_from(bill, terms.insured_from, days)) * policy.meals.per_day,
        hospital_due_fen=bill.hospital_fen - (0 if kept is None else kept.hospital_fen),
        overpaid_fen=bill.overpaid_fen,
        audited_lines=bill.audited_lines,
    )
    figures = replace(
        figures, prepaid_fen=min(terms.prepaid_fen, figures.cost_fen - figures.expense_fen) if terms.debtor else 0
    )
    if not (figures.work_injury_fen or figures.hospital_fen or figures.owed_fen or figures.meals_fen):
        raise nothing_to_convert()
    closes = figures.close
    split = sum(k.amount_fen for k in figures.keep_lines)
    if not closes or figures.unrelated_fen != split:
        raise figures_do_not_close(figures.work_injury_fen, figures.hospital_fen, figures.owed_fen, figures.refund_fen)
    return figures


def _days_from(bill: MedicalBill, day: date, days: int) -> int:
    """Of the days of a stay, those from ``day`` on."""
    return days if day <= bill.begun_on else min(days, max(0, (bill.ended_on - day).days))


def _employer_owed(owed: Sequence[FundPayment], work_injury_fen: int, borne_fen: int) -> tuple[FundPayment, ...]:
    """t_E: in proportion to the cost that the employer bears, all of it when it bears everything; never more than it bears."""
    if not borne_fen:
        return ()
    total, post = sum(p.amount_fen for p in owed), work_injury_fen - borne_fen
    share = min(total - (2 * total * post + work_injury_fen) // (2 * work_injury_fen), borne_fen)
    if share <= 0:
        return ()
    by_book = _by_book(owed)
    # the sum is exact here, so that the rounding of by_ratio has nothing left to round
    amounts = by_ratio(list(by_book.values()), Ratio(numerator=share, denominator=sum(by_book.values())))
    return tuple(
        FundPayment(book=book.value, account="", fund_pay_type="", amount_fen=amount)
        for book, amount in zip(by_book, amounts, strict=True)
        if amount
    )


def _by_book(payments: Iterable[FundPayment]) -> dict[Book, int]:
    sums: dict[Book, int] = {}
    for payment in payments:
        sums[Book(payment.book)] = sums.get(Book(payment.book), 0) + payment.amount_fen
    return sums


def _related(bill: MedicalBill, terms: Terms) -> Parts:
    """Every line, and the part of it that treats the injury, with what is known of how it came about."""
    stated = dict(terms.circumstances)
    return [
        (line, _came_about(part, stated[line.line_id]) if line.line_id in stated else part)
        for line, part in parts_of(bill.lines, None if terms.split is None else terms.split.flags)
    ]


def _came_about(line: BillLine, circumstance: Circumstance) -> BillLine:
    consent = {Circumstance.CONSENTED: True, Circumstance.UNCONSENTED: False}.get(circumstance)
    return replace(line, consent=consent, emergency=circumstance is Circumstance.EMERGENCY)
