"""Webhooks (事件推送): who is called about which events, how a call is signed, when it is tried again.

Signatures and headers are those of the Standard Webhooks specification 1.0: any of its libraries can verify them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

RETRY_AFTER: Final = tuple(timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""After each failed attempt (Standard Webhooks, Retries); then a delivery is abandoned and waits for a replay."""
OLD_SECRET_FOR: Final = timedelta(hours=24)
"""How long calls bear a second signature with the secret before."""
GONE: Final = 410
"""The receiver wants no more calls (Standard Webhooks)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One subscription."""

    webhook_id: str
    partner: str
    url: str
    events: tuple[str, ...]
    secret_version: int
    secret_changed_at: datetime
    created_at: datetime
    disabled_at: datetime | None = None
    disabled_why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One delivery that is due; ``attempt`` counts from 1."""

    webhook: Webhook
    event_id: str
    body: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a call went: the HTTP status, or why there is none."""

    status: int | None
    error: str = ""

    @property
    def delivered(self) -> bool:
        """Any 2xx."""
        return self.status is not None and 200 <= self.status < 300


def next_attempt(attempt: int, now: datetime) -> datetime | None:
    """When a failed delivery is tried again; None when it is abandoned."""
    return now + RETRY_AFTER[attempt - 1] if attempt <= len(RETRY_AFTER) else None


def secret(key: bytes, webhook_id: str, version: int) -> bytes:
    """The shared secret of a webhook, derived and therefore stored nowhere."""
    return hmac.new(key, f"webhook:{webhook_id}:{version}".encode(), hashlib.sha256).digest()


def shown(value: bytes) -> str:
    """A secret as partners get it."""
    return f"whsec_{base64.b64encode(value).decode()}"


def signature(key: bytes, event_id: str, stamp: int, body: str) -> str:
    """HMAC-SHA256 over id, Unix time and body (Standard Webhooks, Signature scheme v1)."""
    mac = hmac.new(key, f"{event_id}.{stamp}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mac).decode()}"


def headers(key: bytes, call: Call, now: datetime) -> dict[str, str]:
    """Id, timestamp and signatures of a call; for a day after a change with the old secret too."""
    hook, stamp = call.webhook, int(now.timestamp())
    versions = [hook.secret_version]
    if hook.secret_version > 1 and now - hook.secret_changed_at < OLD_SECRET_FOR:
        versions.append(hook.secret_version - 1)
    signatures = [signature(secret(key, hook.webhook_id, v), call.event_id, stamp, call.body) for v in versions]
    return {
        "webhook-id": call.event_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": " ".join(signatures),
        "content-type": "application/cloudevents+json",
    }
