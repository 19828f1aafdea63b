"""Who sends a HIS message: the credential in its headers and the four ways to prove it (chs-interface 1.3).

No signature covers the body, so the same timestamp and nonce are taken only once: ``Credential.replay_key``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.crypto import csb_signature, same_signature, x_tif_signature

_CSB_FIELDS: Final = ("_api_access_key", "_api_name", "_api_timestamp", "_api_version")


class Scheme(StrEnum):
    """How an institution signs."""

    X_TIF = "x-tif"
    CSB = "csb"
    API_KEY = "apikey"
    NONE = "none"
    """Network trust only; the message names its institution itself."""


class Fault(StrEnum):
    """Why the gateway takes a message no further: the text of its 401."""

    HEADER_MISSING = "缺少网关认证请求头"
    UNKNOWN_KEY = "未登记的接入账号"
    INACTIVE = "机构接入已停用"
    WRONG_SCHEME = "签名方式与登记的不一致"
    TIMESTAMP = "时间戳无效或超出允许范围"
    SIGNATURE = "签名校验失败"
    REPLAYED = "重复的随机数，请求已被接收过"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatory:
    """An institution as far as its messages must be recognised."""

    institution_code: str
    region: str
    active: bool
    scheme: Scheme
    access_key: str
    secret: str
    infcode_number: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What the headers of one message say."""

    scheme: Scheme
    access_key: str
    timestamp: str = ""
    nonce: str = ""
    signature: str = ""
    fields: Mapping[str, str] | None = None
    """The signed ``_api_*`` members of CSB."""

    @property
    def replay_key(self) -> str | None:
        """What must not come twice. Only x-tif has a nonce; the other kinds cannot tell a replay from an honest resend."""
        return f"{self.access_key}\n{self.timestamp}\n{self.nonce}" if self.scheme is Scheme.X_TIF else None


def read_credential(headers: Mapping[str, str]) -> Credential | Fault | None:
    """The credential in headers with lower-case names; a fault when it is incomplete, None when there is none at all."""
    if "x-tif-paasid" in headers or "x-tif-signature" in headers:
        names = ("x-tif-paasid", "x-tif-timestamp", "x-tif-nonce", "x-tif-signature")
        access_key, timestamp, nonce, signature = (headers.get(name, "").strip() for name in names)
        if not (access_key and timestamp and nonce and signature):
            return Fault.HEADER_MISSING
        return Credential(
            scheme=Scheme.X_TIF, access_key=access_key, timestamp=timestamp, nonce=nonce, signature=signature.lower()
        )
    if "_api_access_key" in headers or "_api_signature" in headers:
        fields = {name: headers.get(name, "").strip() for name in _CSB_FIELDS}
        signature = headers.get("_api_signature", "").strip()
        if not (all(fields.values()) and signature):
            return Fault.HEADER_MISSING
        return Credential(
            scheme=Scheme.CSB,
            access_key=fields["_api_access_key"],
            timestamp=fields["_api_timestamp"],
            signature=signature,
            fields=fields,
        )
    if key := headers.get("apikey", "").strip():
        return Credential(scheme=Scheme.API_KEY, access_key=key)
    return None


def verify(credential: Credential, signatory: Signatory, now_s: int, window_s: int) -> Fault | None:
    """What is wrong with a credential that names ``signatory``; None when it is proved.

    ``now_s``: Unix seconds; ``window_s``: how far the timestamp (10 digits of seconds or 13 of milliseconds) may be off,
    either way.
    """
    if not signatory.active:
        return Fault.INACTIVE
    if credential.scheme is not signatory.scheme:
        return Fault.WRONG_SCHEME
    if credential.scheme is Scheme.API_KEY:
        return None  # the key itself was the name
    sent_s = _seconds(credential.timestamp)
    if sent_s is None or abs(now_s - sent_s) > window_s:
        return Fault.TIMESTAMP
    if credential.scheme is Scheme.X_TIF:
        expected = x_tif_signature(credential.timestamp, signatory.secret, credential.nonce)
    else:
        expected = csb_signature(credential.fields or {}, signatory.secret)
    return None if same_signature(expected, credential.signature) else Fault.SIGNATURE


def _seconds(timestamp: str) -> int | None:
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) not in (10, 13):
        return None
    return int(timestamp[:10])
