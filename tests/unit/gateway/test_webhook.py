"""Signatures, retries and agreed addresses of webhooks."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.adapters.policy import load_partners
from gateway.domain.partners import Partner, Partners
from gateway.domain.webhook import Call, Webhook, headers, next_attempt, secret, shown, signature
from shared.errors import Refusal

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
HOOK = Webhook(
    webhook_id="W1", partner="bank", url="http://127.0.0.1:9/x", events=("a",), secret_version=1, secret_changed_at=NOW,
    created_at=NOW,
)  # fmt: skip


def test_the_example_of_the_specification() -> None:
    # The test vector of the Standard Webhooks reference libraries.
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert (
        signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}')
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_a_changed_secret_signs_beside_the_old_one_for_a_day() -> None:
    call = Call(webhook=replace(HOOK, secret_version=2), event_id="E1", body="{}", attempt=1)
    stamp = int(NOW.timestamp())
    new, old = (signature(secret(b"k", "W1", v), "E1", stamp, "{}") for v in (2, 1))
    assert headers(b"k", call, NOW) == {
        "webhook-id": "E1",
        "webhook-timestamp": str(stamp),
        "webhook-signature": f"{new} {old}",
        "content-type": "application/cloudevents+json",
    }
    later = NOW + timedelta(hours=24)
    assert headers(b"k", call, later)["webhook-signature"] == signature(
        secret(b"k", "W1", 2), "E1", int(later.timestamp()), "{}"
    )
    assert headers(b"k", replace(call, webhook=HOOK), NOW)["webhook-signature"] == old


def test_a_secret_is_of_its_webhook_and_version_and_is_shown_as_libraries_read_it() -> None:
    value = secret(b"k", "W1", 1)
    assert len({value, secret(b"k", "W1", 2), secret(b"k", "W2", 1), secret(b"j", "W1", 1)}) == 4
    assert base64.b64decode(shown(value).removeprefix("whsec_")) == value
    assert len(value) == 32


def test_attempts_are_spread_over_three_days_and_end() -> None:
    waits = [next_attempt(n, NOW) for n in range(1, 11)]
    assert [None if at is None else int((at - NOW).total_seconds()) for at in waits] == [
        5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400, None,
    ]  # fmt: skip


AGREED = Partner(
    name="x", documents=(), events=("a", "b"), cases="own", origins=("https://his.example:8443/", "http://127.0.0.1")
)


@pytest.mark.parametrize("url", ["https://his.example:8443/hook?x=1", "http://127.0.0.1:9001/", "http://127.0.0.1/a"])
def test_agreed_addresses(url: str) -> None:
    AGREED.check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://his.example/hook",
        "http://his.example:8443/hook",
        "https://his.example.evil:8443/",
        "https://x@his.example:8443/",
        "https://127.0.0.1/",
        "http://localhost:8443/",
        "http://169.254.169.254/latest",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(Refusal) as refused:
        AGREED.check_url(url)
    assert (refused.value.code, refused.value.field) == ("gateway.webhook.url-not-agreed", "url")


def test_events_that_are_not_agreed_are_named() -> None:
    AGREED.check_events(("a", "b"))
    with pytest.raises(Refusal) as refused:
        AGREED.check_events(("a", "c"))
    assert (refused.value.code, refused.value.en) == ("gateway.webhook.event-not-agreed", "event c is not agreed")


def test_partners_of_the_demonstration_are_whole_and_production_has_none_of_them() -> None:
    assert set(load_partners(None, demonstration=True).partners) == {"court", "traffic-police", "employer", "bank"}
    assert load_partners(None, demonstration=False) == Partners(documents={}, partners={})


def test_an_origin_without_tls_and_an_unknown_document_are_no_agreement() -> None:
    for wrong in (replace(AGREED, origins=("http://his.example",)), replace(AGREED, documents=("letter",))):
        with pytest.raises(ValueError, match=r"x: (origins are https|no document letter)"):
            Partners(documents={}, partners={"x": wrong})


DETERMINATION = load_partners(None, demonstration=True).documents["liability-determination"]


@pytest.mark.parametrize(
    ("stated", "code", "field"),
    [
        ({"share": 700_000, "fault": "主要责任"}, "field-unknown", "fields.fault"),
        ({}, "field-missing", "fields.share"),
        ({"share": None}, "field-missing", "fields.share"),
        ({"share": "70%"}, "field-invalid", "fields.share"),
        ({"share": True}, "field-invalid", "fields.share"),
        ({"share": 1_000_001}, "field-invalid", "fields.share"),
        ({"share": -1}, "field-invalid", "fields.share"),
        ({"share": 0, "third_party_id": " "}, "field-invalid", "fields.third_party_id"),
    ],
)
def test_a_document_whose_fields_do_not_fit_is_refused(stated: dict[str, object], code: str, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        DETERMINATION.read(stated)
    assert (refused.value.code, refused.value.field) == (f"gateway.partner-document.{code}", field)


def test_a_document_that_fits() -> None:
    assert DETERMINATION.read({"share": 700_000, "third_party_id": None}) == {"share": 700_000}
    court = load_partners(None, demonstration=True).documents["court-case-opened"]
    assert court.read({"opened_on": "2026-03-02"}) == {"opened_on": "2026-03-02"}
    for wrong in ("2026-3-2", "2026-02-30", "20260302"):
        with pytest.raises(Refusal) as refused:
            court.read({"opened_on": wrong})
        assert refused.value.code == "gateway.partner-document.field-invalid"
