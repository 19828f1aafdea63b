"""What the figures of a conversion depend on beside the bill: facts of the accident, facts of the stay, the split (B0.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from workinjury_bridge.domain.policy import BridgePolicy, Circumstance, LateFilingRule
from workinjury_bridge.domain.refusals import facts_invalid
from workinjury_bridge.domain.split import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What is known of an accident beside the decision (recognition record: aae127, blc543). Nothing stated: the ordinary case."""

    filed_on: date | None = None
    """When anybody entitled first applied (条例 art. 17)."""
    accepted_on: date | None = None
    """When the application was accepted (受理)."""
    employer_insured: bool = True
    """Whether it was insured when the accident happened."""
    insured_from: date | None = None
    """Since when an employer that was not insured pays premiums and has paid back what was due with late fees (条例 art. 62)."""
    insured_proof: str | None = None
    """The document that says so."""
    third_party: str | None = None
    """Party ``T:<id>`` that is liable, ``T:UNKNOWN`` when nobody knows who; None when nobody is."""

    def checked(self, employer: str | None) -> CaseFacts:
        """Refuses dates out of order, a late or uninsured employer that is not named, a back-payment of one that was insured."""
        if (self.filed_on is None) is not (self.accepted_on is None):
            raise facts_invalid("accepted_on", "申请日期与受理日期应同时填写")
        if self.filed_on and self.accepted_on and self.accepted_on < self.filed_on:
            raise facts_invalid("accepted_on", "受理日期不能早于申请日期")
        if employer is None and (self.filed_on is not None or not self.employer_insured):
            raise facts_invalid("employer_id", "案件未登记用人单位")
        if self.insured_from is not None and self.employer_insured:
            raise facts_invalid("insured_from", "用人单位事故发生时已参保，无补缴生效日期")
        return self

    def fund_pays_at_once(self, on: date) -> bool:
        """Whether the fund bears what arises on a day by itself, and does not only advance it."""
        return self.insured_on(on) and self.third_party is None

    def insured_on(self, on: date) -> bool:
        """Whether the employer is insured for what arises on a day."""
        return self.employer_insured or (self.insured_from is not None and self.insured_from <= on)

    def late_until(self, accident_on: date, policy: BridgePolicy) -> date | None:
        """The day of acceptance, before which the employer bears the cost; None when filed in time (条例 art. 17 para. 4)."""
        rule = policy.late_filing
        if self.filed_on is None or rule.rule is LateFilingRule.FUND or not self.employer_insured:
            return None
        return self.accepted_on if (self.filed_on - accident_on).days > rule.within_days else None


NO_CASE_FACTS: Final = CaseFacts()


@dataclass(frozen=True, slots=True, kw_only=True)
class StayFacts:
    """What is known of a stay beside its bill."""

    payer: str | None = None
    """Who holds the original receipt of the cash (payer of record): ``P:``, ``E:`` or ``HEIRS:``; None: the person."""
    prepaid_fen: int = 0
    """Medical money that the third party or the employer has already given the person for this stay (K)."""
    circumstances: tuple[tuple[str, Circumstance], ...] = ()
    """Per line outside the catalogue: how it came about, where the bill does not say."""


NO_STAY_FACTS: Final = StayFacts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Everything together, as one conversion needs it."""

    payer: str
    beneficiary: str
    """Who gets the allowance: the person, or the heirs."""
    late_until: date | None = None
    late_employer: str | None = None
    debtor: str | None = None
    """Who owes what the fund advances of the treatment: a third party or an uninsured employer; None in the ordinary case."""
    uninsured: str | None = None
    """The employer, when it was not insured."""
    insured_from: date | None = None
    """Since when it is: what arises from then on is the fund's (条例 art. 62)."""
    prepaid_fen: int = 0
    circumstances: tuple[tuple[str, Circumstance], ...] = ()
    split: Split | None = None

    def for_stay(self, begun_on: date) -> Terms:
        """The terms of a stay: one that begins after the employer's back-payment is the ordinary case as far as the employer goes."""
        if self.insured_from is None or self.insured_from > begun_on:
            return self
        debtor = None if self.debtor == self.uninsured else self.debtor
        return replace(self, debtor=debtor, uninsured=None, insured_from=None)
