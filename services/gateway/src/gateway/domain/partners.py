"""Partners (合作单位) beside the window: which documents they send, which events they may hear of, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from shared.errors import Refusal, forbidden, invalid
from shared.money import MAX_FEN, RATE_ONE

FieldKind = Literal["date", "fen", "millionths", "text"]
_MOST_TEXT: Final = 500
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentKind:
    """A kind of document and the command that it becomes when it is accepted."""

    name: str
    about: Literal["injury-cases", "advances", "recoveries"]
    act: str
    scope: str
    fields: Mapping[str, FieldKind]
    automatic: bool = False
    """Accepted on arrival: a document that proves itself, such as a bank's receipt."""

    signed: bool = True
    """Whether the command names who accepted the document."""

    def path(self, about_id: str) -> str:
        """Of what it is about, in workinjury-bridge."""
        return f"/v1/{self.about}/{about_id}"

    def read(self, stated: Mapping[str, Any]) -> dict[str, Any]:
        """The stated fields, checked.

        Refusals ``gateway.partner-document.field-unknown``, ``.field-missing``, ``.field-invalid``, each naming the field.
        """
        kinds = {name.removesuffix("?"): kind for name, kind in self.fields.items()}
        for name in stated:
            if name not in kinds:
                raise _refused("field-unknown", f"{self.name}没有要素“{name}”", f"{name} is no field", name)
        for name in self.fields:
            if not name.endswith("?") and stated.get(name) is None:
                raise _refused("field-missing", f"{self.name}缺少要素“{name}”", f"{name} is missing", name)
        return {name: _value(name, kinds[name], value) for name, value in stated.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """What one partner may do."""

    name: str
    documents: tuple[str, ...]
    events: tuple[str, ...]
    cases: Literal["own", "all"]
    """Of which cases it hears: those that it sent a document about, or all."""
    origins: tuple[str, ...]
    """Where it may be called: scheme, host and port."""

    def check_url(self, url: str) -> None:
        """Refusal ``gateway.webhook.url-not-agreed`` unless the address lies under an agreed origin.

        TLS everywhere but on this machine; and no address that the partner alone has chosen, so that nobody makes the
        gateway call into the bureau's own network.
        """
        asked = urlsplit(url)
        for agreed in map(urlsplit, self.origins):
            same_port = agreed.hostname in _LOOPBACK or asked.port == agreed.port
            if (asked.scheme, asked.hostname) == (agreed.scheme, agreed.hostname) and same_port and not asked.username:
                return
        raise invalid(
            "gateway.webhook.url-not-agreed",
            "该地址不在与合作单位约定的范围内",
            "the URL is not under an agreed origin",
            field="url",
        )

    def check_events(self, events: tuple[str, ...]) -> None:
        """Refusal ``gateway.webhook.event-not-agreed`` naming the first that the partner may not hear of."""
        for name in events:
            if name not in self.events:
                raise invalid(
                    "gateway.webhook.event-not-agreed",
                    f"合作单位未约定接收事件“{name}”",
                    f"event {name} is not agreed",
                    field="events",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Partners:
    """Every partner by the subject of its tokens, every kind of document by code."""

    documents: Mapping[str, DocumentKind]
    partners: Mapping[str, Partner]

    def __post_init__(self) -> None:
        for code, partner in self.partners.items():
            for name in partner.documents:
                if name not in self.documents:
                    raise ValueError(f"{code}: no document {name}")
            for origin in map(urlsplit, partner.origins):
                if origin.scheme != "https" and origin.hostname not in _LOOPBACK:
                    raise ValueError(f"{code}: origins are https")

    def partner(self, subject: str) -> Partner:
        """Refusal ``gateway.partner.unknown`` for whoever is none."""
        found = self.partners.get(subject)
        if found is None:
            raise forbidden("gateway.partner.unknown", "该账号不是合作单位", "the caller is no partner")
        return found

    def kind(self, partner: Partner, document: str) -> DocumentKind:
        """Refusal ``gateway.partner-document.kind-not-agreed`` when the partner does not send such documents."""
        if document not in partner.documents:
            raise invalid(
                "gateway.partner-document.kind-not-agreed",
                f"合作单位未约定报送文书“{document}”",
                f"document {document} is not agreed",
                field="document",
            )
        return self.documents[document]


def _value(name: str, kind: FieldKind, value: Any) -> Any:
    good = False
    if kind == "text":
        good = isinstance(value, str) and 0 < len(value.strip()) <= _MOST_TEXT and "\0" not in value
    elif kind == "date":
        good = isinstance(value, str) and _is_date(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        good = 0 <= value <= (MAX_FEN if kind == "fen" else RATE_ONE)
    if not good:
        expected = {
            "text": "文字",
            "date": "日期（YYYY-MM-DD）",
            "fen": "金额（分，整数）",
            "millionths": "比例（百万分之一，整数）",
        }
        raise _refused("field-invalid", f"要素“{name}”应为{expected[kind]}", f"{name} is no {kind}", name)
    return value


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _refused(code: str, zh: str, en: str, name: str) -> Refusal:
    return invalid(f"gateway.partner-document.{code}", zh, en, field=f"fields.{name}")
