"""Papers: brought, shared by data, held from before, to follow, missing; forms."""

from __future__ import annotations

from datetime import date

from gateway.domain.acceptance import HeldMaterial, MaterialState, form_faults, review_materials
from tests.factories.matters import rule

TODAY = date(2026, 3, 2)
RULE = rule("work-injury")


def test_everything_that_is_missing_is_told_at_once() -> None:
    review = review_materials(RULE.materials, {}, [], TODAY)
    assert [paper.code for paper in review.missing] == ["identity", "injury-application", "diagnosis"]
    assert [paper.code for paper in review.deferrable] == ["witness-statement"]
    assert [(paper.code, paper.state) for paper in review.materials] == [
        ("labour-relation", MaterialState.SHARED),
        ("hospital-records", MaterialState.SHARED),
    ]


def test_a_paper_handed_in_before_is_not_asked_for_again_while_it_is_good() -> None:
    brought = {"injury-application": "D1", "diagnosis": "D2", "witness-statement": "D3"}
    old = HeldMaterial(code="identity", reference="OLD", received_on=date(2018, 1, 1))
    new = HeldMaterial(code="identity", reference="NEW", received_on=date(2025, 6, 1))
    review = review_materials(RULE.materials, brought, [new, old], TODAY)
    assert review.missing == review.deferrable == ()
    identity = next(paper for paper in review.materials if paper.code == "identity")
    assert (identity.state, identity.reference, identity.received_on) == (MaterialState.REUSED, "NEW", date(2025, 6, 1))
    expired = review_materials(
        RULE.materials, brought, [HeldMaterial(code="identity", reference="X", received_on=date(2016, 3, 1))], TODAY
    )
    assert [paper.code for paper in expired.missing] == ["identity"]


def test_a_form_is_checked_field_by_field() -> None:
    assert form_faults(RULE.form, {"accident_on": "2026-03-01", "body_parts": ["右手"], "description": "机器压伤"}) == {}
    assert form_faults(RULE.form, {"accident_on": "3月1日", "body_parts": "右手", "who": "x"}) == {
        "who": "没有名为“who”的项目",
        "accident_on": "“受伤日期”必须是日期，如 2026-11-22",
        "body_parts": "“受伤部位”必须是文字列表",
        "description": "“受伤经过”必须填写",
    }
    enrolment = rule("enrol-and-pay")
    faults = form_faults(
        enrolment.form, {"scheme": "777", "person_category": "15", "begins_on": "2026-01-01", "year": True, "region": "420502"}
    )
    assert faults == {
        "scheme": "“险种”只能是：310 职工基本医疗保险、390 城乡居民基本医疗保险",
        "year": "“缴费年度”必须是不小于零的整数",
    }
