"""Registration for treatment out of the area (异地就医备案; 人社部发〔2025〕17号; reference B8).

APPLIED --agency consents--> REGISTERED | REJECTED; REGISTERED --> CANCELLED. Long-term residents stay registered until they cancel,
posted workers for their posting, a referral for some months and only when admission follows soon.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from workinjury_bridge.domain.benefits.months import same_day_later
from workinjury_bridge.domain.out_of_area.refusals import filing_invalid, not_registered
from workinjury_bridge.domain.policy import OutOfArea
from workinjury_bridge.domain.refusals import same_hand, wrong_state


class FilingKind(StrEnum):
    """Why somebody is treated elsewhere."""

    LONG_TERM = "long-term"
    """异地长期居住."""
    POSTED = "posted"
    """常驻异地工作."""
    REFERRAL = "referral"
    """转诊转院, on the certificate of a contracted institution (条例 art. 30)."""


class RegistrationState(StrEnum):
    """See the module."""

    APPLIED = "applied"
    REGISTERED = "registered"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One registration on one injury case."""

    registration_id: str
    case_id: str
    person_id: str
    kind: FilingKind
    place: str
    """Division code (GB/T 2260, six digits) of the place of treatment; its city counts."""
    institution_code: str | None = None
    """The one institution that a referral names; None: any contracted one of the city."""
    certificate_no: str | None = None
    begins_on: date
    ends_on: date | None = None
    """Last day; None until it is cancelled."""
    admit_until: date | None = None
    """Last day of admission on a referral."""
    due_on: date
    """By when the agency decides."""
    maker: str
    checker: str | None = None
    state: RegistrationState = RegistrationState.APPLIED
    note: str | None = None

    def checked(self, home: str | None, applied_on: date) -> Registration:
        """Refuses what lacks its proof, a window that begins before the application or ends before it begins, and a home place."""
        if self.begins_on < applied_on:
            raise filing_invalid("begins_on", "备案起始日期不能早于申请日期")
        if len(self.place) != 6 or not (self.place.isascii() and self.place.isdigit()):
            raise filing_invalid("place", "就医地应为六位行政区划代码")
        if home is not None and self.place[:4] == home[:4]:
            raise filing_invalid("place", "就医地在本统筹地区内，无需备案")
        if self.kind is FilingKind.REFERRAL and not self.certificate_no:
            raise filing_invalid("certificate_no", "转诊转院须有协议医疗机构出具的证明")
        if self.kind is FilingKind.POSTED and self.ends_on is None:
            raise filing_invalid("ends_on", "常驻异地工作须填写派驻终止日期")
        if self.ends_on is not None and self.ends_on < self.begins_on:
            raise filing_invalid("ends_on", "终止日期不能早于起始日期")
        return self

    def approved(self, on: date, actor: str, rules: OutOfArea) -> Registration:
        """The agency consents, from this day on at the earliest. Refuses the hand that took the application."""
        self._expect("approve", RegistrationState.APPLIED)
        if actor == self.maker:
            raise same_hand()
        begins_on = max(on, self.begins_on)
        consented = replace(self, state=RegistrationState.REGISTERED, checker=actor, begins_on=begins_on)
        if self.kind is not FilingKind.REFERRAL:
            return consented
        last = same_day_later(on, rules.referral_months)
        ends_on = last if self.ends_on is None else min(last, self.ends_on)
        return replace(consented, ends_on=ends_on, admit_until=min(ends_on, on + timedelta(days=rules.admit_within)))

    def rejected(self, actor: str, note: str) -> Registration:
        """The conditions are not met."""
        self._expect("reject", RegistrationState.APPLIED)
        if actor == self.maker:
            raise same_hand()
        return replace(self, state=RegistrationState.REJECTED, checker=actor, note=note)

    def cancelled(self, on: date, note: str | None) -> Registration:
        """The person gives it up; who was admitted before stays registered for that stay."""
        self._expect("cancel", RegistrationState.REGISTERED)
        if on < self.begins_on:
            raise filing_invalid("on", "取消日期不能早于备案起始日期")
        last = on if self.ends_on is None else min(on, self.ends_on)
        return replace(self, state=RegistrationState.CANCELLED, ends_on=last, note=note)

    def expect_valid(self, admitted_on: date, place: str, institution_code: str) -> None:
        """Refuses an admission that this registration does not cover."""
        if self.state not in (RegistrationState.REGISTERED, RegistrationState.CANCELLED):
            raise not_registered("异地就医备案未生效")
        if self.place[:4] != place[:4]:
            raise not_registered("就医地不在备案范围内")
        if self.institution_code not in (None, institution_code):
            raise not_registered("就医机构不是转诊转院备案的机构")
        if admitted_on < self.begins_on or (self.ends_on is not None and admitted_on > self.ends_on):
            raise not_registered("入院日期不在备案有效期内")
        if self.admit_until is not None and admitted_on > self.admit_until:
            raise not_registered(f"转诊转院须于{self.admit_until}前入院，已逾期")

    def _expect(self, wanted: str, *states: RegistrationState) -> None:
        if self.state not in states:
            raise wrong_state("out-of-area", wanted, self.state, "异地就医备案")
