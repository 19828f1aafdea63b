"""The injury case and its recognition decisions, as versions (工伤认定, 工伤保险条例 arts 14-20; reference A2, B0.6).

Versions only grow: a decision whose version is not above the newest is kept for the file and changes nothing. A review or
lawsuit makes the case *contested*; payments go on (条例 art. 31) until a final revocation, which is a version of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from workinjury_bridge.domain import party
from workinjury_bridge.domain.policy import BridgePolicy
from workinjury_bridge.domain.refusals import out_of_turn
from workinjury_bridge.domain.split import Split
from workinjury_bridge.domain.terms import NO_CASE_FACTS, CaseFacts, StayFacts, Terms


class Outcome(StrEnum):
    """What a decision version says."""

    GRANTED = "granted"
    DENIED = "denied"
    REVOKED = "revoked"


class RecognitionState(StrEnum):
    """Where a case stands (B0.6, the states that reach this service)."""

    APPLIED = "applied"
    RECOGNISED = "recognised"
    DENIED = "denied"
    UNDER_REVIEW = "under_review"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One version of the decision on a case."""

    decision_id: str
    decision_no: str
    """Number of the document (文书号)."""
    version: int
    outcome: Outcome
    decided_on: date
    """Day of the decision; for a revocation the day it became final."""
    decided_by: str


class Act(StrEnum):
    """What is recorded of a case beside its decisions."""

    FACTS = "facts"
    CONTESTED = "contested"
    UPHELD = "upheld"
    REVOKED = "revoked"
    BACK_PAID = "back-paid"
    """The uninsured employer has paid premiums and late fees."""
    ADVANCE_APPLIED = "advance-applied"
    EMPLOYER_PAID = "employer-paid"
    STAY_FACTS = "stay-facts"
    ENFORCED = "enforced"
    SET_OFF_WITHDRAWN = "set-off-withdrawn"
    RECURRENCE_APPLIED = "recurrence-applied"
    RECURRENCE_EXTENDED = "recurrence-extended"
    RECURRENCE_CONFIRMED = "recurrence-confirmed"
    RECURRENCE_REFUSED = "recurrence-refused"
    RECURRENCE_OBJECTED = "recurrence-objected"
    RECURRENCE_WITHDRAWN = "recurrence-withdrawn"
    WAGE_RECORDED = "wage-recorded"
    APPRAISED = "appraised"
    BENEFIT_DISMISSED = "benefit-dismissed"
    PENSION_DISMISSED = "pension-dismissed"
    PENSION_SUSPENDED = "pension-suspended"
    PENSION_RESUMED = "pension-resumed"
    PENSION_STOPPED = "pension-stopped"
    PENSION_CERTIFIED = "pension-certified"
    OLD_AGE_PENSION = "old-age-pension"
    PERSON_RETURNED = "person-returned"
    SUCCESSION_PROVEN = "succession-proven"
    PAYMENT_RETURNED = "payment-returned"
    PAYMENT_REPAID = "payment-repaid"
    REGISTRATION_CANCELLED = "registration-cancelled"
    REMOTE_DATA_OBJECTED = "remote-data-objected"
    REMOTE_DATA_AUDITED = "remote-data-audited"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAct:
    """Who recorded what of a case."""

    act_id: str
    case_id: str
    act: Act
    actor: str
    subject_id: str | None = None
    """The advance, debt, recurrence, registration, stay or conversion it is about; None: the case itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InjuryCase:
    """One accident of one person, with every decision made on it."""

    case_id: str
    person_id: str
    accident_on: date
    body_parts: tuple[str, ...]
    description: str
    employer_id: str | None = None
    matter_id: str | None = None
    region: str | None = None
    """Division code; None when it was not said."""
    decisions: tuple[Decision, ...] = ()
    facts: CaseFacts = NO_CASE_FACTS
    contested_on: date | None = None
    """Since when the newest decision is under review or before a court; None when it is not."""

    @property
    def newest(self) -> Decision | None:
        """The decision with the highest version."""
        return max(self.decisions, key=lambda d: d.version, default=None)

    @property
    def effective(self) -> Decision | None:
        """The granted decision that opens the fund now, contested or not; None when there is none."""
        newest = self.newest
        return newest if newest is not None and newest.outcome is Outcome.GRANTED else None

    @property
    def state(self) -> RecognitionState:
        """The state that follows from the decisions."""
        newest = self.newest
        if newest is None:
            return RecognitionState.APPLIED
        if self.contested_on is not None:
            return RecognitionState.UNDER_REVIEW
        return {
            Outcome.GRANTED: RecognitionState.RECOGNISED,
            Outcome.DENIED: RecognitionState.DENIED,
            Outcome.REVOKED: RecognitionState.REVOKED,
        }[newest.outcome]

    def repeats(self, decision_no: str, outcome: Outcome) -> Decision | None:
        """The decision already on file under this number and outcome: the same news told twice."""
        return next((d for d in self.decisions if d.decision_no == decision_no and d.outcome is outcome), None)

    def decide(self, decision: Decision) -> InjuryCase:
        """Add a granted or denied version.

        A version not above the newest is filed and overrides nothing. Refuses (conflict) a newer granted or denied
        version while a granted one is in force: that one must be finally revoked first.
        """
        newest = self.newest
        if newest is not None and decision.version <= newest.version:
            return self._with(decision)
        if self.effective is not None:
            raise out_of_turn("case", "decide", self.state, "已有生效的工伤认定，须先依法撤销")
        return replace(self._with(decision), contested_on=None)

    def contest(self, opened_on: date) -> InjuryCase:
        """A review or lawsuit against the newest decision was opened; nothing is paid back for it. Refuses without decision."""
        newest = self.newest
        if newest is None or newest.outcome is Outcome.REVOKED:
            raise out_of_turn("case", "contest", self.state, "没有可以复议或诉讼的认定决定，请先登记认定结论")
        return self if self.contested_on is not None else replace(self, contested_on=opened_on)

    def uphold(self) -> InjuryCase:
        """The review or lawsuit ended and the decision stands."""
        return replace(self, contested_on=None)

    def revoke(self, revocation: Decision) -> InjuryCase:
        """A final revocation of the granted version, itself the next version. Refuses when nothing granted is in force."""
        if self.effective is None:
            raise out_of_turn("case", "revoke", self.state, "没有生效的工伤认定，无可撤销")
        return replace(self._with(revocation), contested_on=None)

    def with_facts(self, facts: CaseFacts) -> InjuryCase:
        """What is known of the accident beside the decision. Refuses what cannot be so."""
        return replace(self, facts=facts.checked(self.employer_id))

    def terms(self, stay: StayFacts, split: Split | None, policy: BridgePolicy) -> Terms:
        """What the figures of one of its stays depend on."""
        employer = None if self.employer_id is None else party.employer(self.employer_id)
        uninsured = None if self.facts.employer_insured else employer
        payer = stay.payer or party.person(self.person_id)
        return Terms(
            payer=payer,
            beneficiary=payer if payer == party.heirs(self.person_id) else party.person(self.person_id),
            late_until=self.facts.late_until(self.accident_on, policy),
            late_employer=employer,
            debtor=self.facts.third_party or uninsured,
            uninsured=uninsured,
            insured_from=self.facts.insured_from,
            prepaid_fen=stay.prepaid_fen,
            circumstances=stay.circumstances,
            split=split,
        )

    def next_version(self) -> int:
        """The version that a decision arriving now gets."""
        newest = self.newest
        return 1 if newest is None else newest.version + 1

    def _with(self, decision: Decision) -> InjuryCase:
        return replace(self, decisions=(*self.decisions, decision))
