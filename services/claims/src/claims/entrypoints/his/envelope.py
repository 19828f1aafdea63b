"""From the bytes of a request to a HIS request (chs-interface 1.1, 2.1, 3), tolerantly; or a Refusal, never another error."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn
from urllib.parse import unquote_to_bytes

import orjson

from claims.application.header import JIANGSU, HisHeader
from claims.entrypoints.his.fields import label
from claims.entrypoints.his.nodes import Node, Tree, field_missing, tidy
from shared.errors import invalid
from shared.his_paths import match_his_path

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
"""A batch of 100 fee lines is about 150 kB; what is larger than this is no message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HisRequest:
    """One message: its header and its input."""

    header: HisHeader
    input: Node


def read_request(body: bytes, path: str, received_at: datetime) -> HisRequest:
    """Read one message.

    UTF-8, otherwise GB18030; a JSON object, bare or as the value of an urlencoded form with an empty key, whatever the
    content type says. ``input`` may be an object or a JSON text; a root member ``feedetail`` may stand for it. Raises
    Refusal (kind INVALID) when that is not what came.
    """
    if len(body) > MAX_BODY_BYTES:
        raise invalid("claims.his.too-large", f"报文超过{MAX_BODY_BYTES // 1024 // 1024}MB上限")
    envelope = _object(_unwrapped(body), "报文")
    raw_input = _input_of(envelope)
    envelope_node = Node(tidy({key: value for key, value in envelope.items() if not isinstance(value, dict | list)}))
    envelope_node.demand(("infno", "msgid", "fixmedins_code"))
    infno = envelope_node.text("infno").upper()
    named = match_his_path(path)
    if named is not None and named.infno not in (None, infno):
        raise invalid(
            "claims.his.path-disagrees", f"请求地址中的交易编号{named.infno}与报文{label('infno')}{infno}不一致", field="infno"
        )
    tree = tidy(raw_input)
    return HisRequest(header=_header(envelope_node, infno, tree, received_at), input=Node(tree))


def _header(envelope: Node, infno: str, tree: Tree, received_at: datetime) -> HisHeader:
    return HisHeader(
        infno=infno,
        msgid=envelope.text("msgid"),
        institution_code=envelope.text("fixmedins_code"),
        institution_name=envelope.optional_text("fixmedins_name"),
        care_region=envelope.optional_text("mdtrtarea_admvs"),
        insured_region=envelope.optional_text("insuplc_admdvs"),
        dialect=JIANGSU if envelope.member("idfi_mode") is not None else "",
        recer_sys_code=envelope.optional_text("recer_sys_code"),
        operator=envelope.optional_text("opter"),
        operator_name=envelope.optional_text("opter_name"),
        operator_type=envelope.optional_text("opter_type"),
        sign_no=envelope.optional_text("sign_no"),
        input_digest=hashlib.sha256(orjson.dumps(tree, option=orjson.OPT_SORT_KEYS)).hexdigest(),
        received_at=received_at,
    )


def _unwrapped(body: bytes) -> str:
    stripped = body.strip()
    if stripped.startswith(b"="):
        value = stripped[1:]
        if not value.startswith(b"{"):
            value = unquote_to_bytes(value.split(b"&", 1)[0].replace(b"+", b" "))
        stripped = value
    return _decoded(stripped)


def _decoded(data: bytes) -> str:
    for charset in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(charset)
        except UnicodeDecodeError:
            continue
    raise invalid("claims.his.charset", "报文字符集无法识别，应为UTF-8或GB18030")


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text, parse_float=str, parse_int=str, parse_constant=_no_number)
        # Escapes can smuggle in what no database text and no UTF-8 answer can hold: NUL and lone surrogates.
        if "\\u" in text and b"\\u0000" in orjson.dumps(parsed):
            raise ValueError("NUL")
    except (ValueError, RecursionError, orjson.JSONEncodeError):
        raise invalid("claims.his.no-json", f"{what}不是合法的JSON") from None
    if not isinstance(parsed, dict):
        raise invalid("claims.his.no-json", f"{what}应为JSON对象")
    return parsed


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _input_of(envelope: dict[str, Any]) -> dict[str, Any]:
    by_name = {key.strip().lower(): value for key, value in envelope.items()}
    found = by_name.get("input")
    if found is None and "feedetail" in by_name:
        return {"feedetail": by_name["feedetail"]}
    if isinstance(found, str) and found.strip():
        return _object(found, label("input"))
    if isinstance(found, dict):
        return found
    raise field_missing("input") if not found else invalid("claims.his.no-json", f"{label('input')}应为JSON对象", field="input")
