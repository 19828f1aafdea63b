"""A beneficiary is dead or missing (工伤保险条例 39, 41; 社会保险经办条例 25): what stops, what opens, who is paid instead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from workinjury_bridge.domain.benefits.kinds import BenefitKind
from workinjury_bridge.domain.benefits.months import month_of, months_later
from workinjury_bridge.domain.benefits.refusals import heirs_unproven, loss_contradicts
from workinjury_bridge.domain.benefits.rules import MissingTerms, Payer
from workinjury_bridge.domain.journals import Concern


class Circumstance(StrEnum):
    """How the person was lost; it decides which benefits open."""

    INJURY = "injury"
    """Died of the injury, at once or in the paid time off: all three benefits (条例 39 paras 1, 2)."""
    AFTER_TIME_OFF = "after-time-off"
    """Died after it: with grade 1–4 funeral and dependants' pensions (para. 3), otherwise nothing."""
    UNRELATED = "unrelated"
    """Died of something else within the paid time off or without grade 1–4: nothing opens."""
    MISSING = "missing"
    """Missing in an accident or rescue (条例 41)."""


class Source(StrEnum):
    """Who said it."""

    FAMILY = "family"
    EMPLOYER = "employer"
    DATA_MATCH = "data-match"
    """Comparison with civil and health records (社会保险经办条例 8); family and employer still have their duty of notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What is known of one person's death or absence."""

    person_id: str
    case_id: str
    circumstance: Circumstance
    occurred_on: date
    source: Source
    reported_on: date
    reported_by: str
    notice_due_on: date
    """Last day of the duty to tell the agency: 20 working days."""
    notified_on: date | None = None
    """When family or employer told it; None while only data say so."""
    heirs_proof: tuple[str, ...] = ()
    """Materials that prove succession or kinship; empty until proven."""
    returned_on: date | None = None
    """A missing person came back."""

    @property
    def stands(self) -> bool:
        """Whether the person is still taken to be gone."""
        return self.returned_on is None

    @property
    def dead(self) -> bool:
        """Dead rather than missing."""
        return self.circumstance is not Circumstance.MISSING

    @property
    def last_month(self) -> date:
        """The last month for which the person's own monthly benefits are due."""
        return month_of(self.occurred_on)

    def opens(self, kind: BenefitKind, payer: Payer | None) -> bool:
        """Whether a death benefit opens. ``payer``: of the dead person's monthly allowance, None without one."""
        if self.circumstance is Circumstance.INJURY:
            return True
        if self.circumstance is Circumstance.AFTER_TIME_OFF:
            return kind is not BenefitKind.ONE_OFF_DEATH and payer is Payer.FUND
        return self.circumstance is Circumstance.MISSING and kind is not BenefitKind.FUNERAL

    def dependants_from(self, terms: MissingTerms) -> date:
        """First month of the dependants' pensions: after the month of death; missing: from the fourth month (条例 41)."""
        month = month_of(self.occurred_on)
        return months_later(month, 1 if self.dead else terms.pension_from_month - 1)

    def proven(self, materials: tuple[str, ...]) -> Loss:
        """Succession is proven by ``materials``; more may follow."""
        return replace(self, heirs_proof=tuple(dict.fromkeys((*self.heirs_proof, *materials))))

    def returned(self, on: date) -> Loss:
        """The missing person is back. Refuses for the dead and for a day before the loss."""
        if self.dead or not self.stands:
            raise loss_contradicts("只有下落不明人员可以登记重新出现", "returned_on")
        if on < self.occurred_on:
            raise loss_contradicts("重新出现日期早于下落不明日期", "returned_on")
        return replace(self, returned_on=on)


def follows(known: Loss | None, new: Loss) -> Loss | None:
    """What is to be stored when ``new`` is reported; None when it says what is known.

    Missing may become dead (宣告死亡). A report by family or employer completes one by data. Refuses a second, different death.
    """
    if known is None or not known.stands:
        return new
    if known.circumstance is Circumstance.MISSING and new.dead:
        return replace(new, heirs_proof=known.heirs_proof)
    if (known.circumstance, known.occurred_on) != (new.circumstance, new.occurred_on):
        raise loss_contradicts("已登记的死亡（下落不明）情形与本次报告不一致", "occurred_on")
    if known.notified_on is None and new.notified_on is not None:
        return replace(known, notified_on=new.notified_on)
    return None


def heirs_dim(person_id: str) -> str:
    """Dimension of what is payable to the next of kin of a person."""
    return f"HEIRS:{person_id}"


def dependant_dim(person_id: str) -> str:
    """Dimension of what is payable to a dependant."""
    return f"DEP:{person_id}"


def rerouted(concern: Concern, loss: Loss | None) -> Concern:
    """The concern whose payables go to the heirs when its person is gone, as it was otherwise (B14)."""
    if loss is None or not loss.stands:
        return concern
    return replace(concern, payee=heirs_dim(concern.person_id))


def awaits_heirs(loss: Loss | None) -> bool:
    """Whether the person is gone and nobody has proven succession."""
    return loss is not None and loss.stands and not loss.heirs_proof


def expect_payable(loss: Loss | None) -> None:
    """Refuses payment while the person is gone and nobody has proven succession (B15.12)."""
    if awaits_heirs(loss):
        raise heirs_unproven()
