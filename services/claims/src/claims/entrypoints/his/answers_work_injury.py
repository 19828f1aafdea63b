"""Answers of the Jiangsu interface: the national envelope, flat outputs, psn_no as a number, dates as yyyyMMdd (chs-interface 7.2)."""

from __future__ import annotations

from claims.application.visits.answers import InjuredIdentified, SignedIn, VisitOpened
from claims.entrypoints.his.answers import Output, age


def signed_in(result: SignedIn) -> Output:
    """9001."""
    return {"sign_no": result.sign_no, "sign_time": f"{result.signed_on:%Y%m%d}"}


def injured_identified(result: InjuredIdentified) -> Output:
    """1101; ``exam_ccls`` is what 2201 gives back as ``qualification_id``, empty for who is not entitled."""
    person = result.person
    return {
        "psn_no": result.number,
        "psn_name": person.name,
        "gend": person.sex,
        "certno": person.certno,
        "brdy": f"{person.born_on:%Y%m%d}",
        "age": age(person.born_on, person.as_of),
        "insu_admdvs": person.covers[0].region if person.covers else "",
        "exam_ccls": result.qualification_id,
    }


def visit_opened(result: VisitOpened) -> Output:
    """2201."""
    return {"mdtrt_id": result.visit_id, "psn_no": int(result.person_id), "ipt_otp_no": result.hospital_no}
