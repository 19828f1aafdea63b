"""The policy on assistance by application."""

from __future__ import annotations

from datetime import date

import pytest

from claims.domain.assistance_policy import AssistancePolicies
from claims.settings import read_claims_settings
from shared.rules import RuleError, read_rules

OURS = read_claims_settings({}).assistance.read_text("utf-8")


def test_the_lines_of_ours() -> None:
    policy = read_rules(OURS, "assistance.yaml", AssistancePolicies).on("990101", date(2026, 3, 20))
    assert policy is not None
    assert (policy.look_back_months, policy.notice_working_days) == (12, 7)
    lines = {each.code: each.line_fen(2_875_300) for each in policy.classes}
    assert lines == {"monitored": 287_530, "marginal": 287_530, "illness_poor": 718_825}
    assert policy.open_class("dibao") is None


def test_before_the_first_policy_there_is_none() -> None:
    assert read_rules(OURS, "assistance.yaml", AssistancePolicies).on("990101", date(2023, 12, 31)) is None


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("notice_source: notice", "notice_source: nothing", "no source is named nothing"),
        ("code: marginal", "code: rich", "'rich' is no identity class"),
        ("code: marginal", "code: monitored", "a class stands twice"),
        ("notice_working_days: 7", "notice_working_days: 0", "at least 1"),
        ('region: "000000"', 'region: "9901"', "no six-digit code"),
    ],
)
def test_a_wrong_file_is_refused_with_its_reason(right: str, wrong: str, says: str) -> None:
    assert right in OURS
    with pytest.raises(RuleError, match=says):
        read_rules(OURS.replace(right, wrong), "assistance.yaml", AssistancePolicies)
