"""A hospital's end of the national interface: envelopes, signatures, and a line on which replies get lost, doubled or late.

Written from the interface's text alone and sharing no code with the servers but the two signature formulas, so that it
finds what they misread.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, Final

import httpx

from shared.clock import Clock, local
from shared.crypto.signatures import csb_signature, x_tif_signature

Answer = dict[str, Any]

_WRITES: Final = frozenset({"2201", "2203", "2204", "2207", "2208", "2301", "2304", "2305", "2401", "2402"})
_PATIENCE_S: Final = 0.02
_TRIES: Final = 3
_SEND_AGAIN: Final = "重发"
"""In err_msg: the platform cannot say whether the message had an effect, or had no time for it; the same bytes may come again."""


class HisError(Exception):
    """The platform answered infcode -1 (or refused the signature); the text is what the clerk reads."""


class Mishap(Enum):
    """What can happen to a message between a hospital and the bureau."""

    LOST_REQUEST = "request lost"
    LOST_REPLY = "reply lost"
    DOUBLED = "sent twice at once"
    DELAYED = "reply late, sent again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """A designated institution with what it needs to sign (a row of institutions.csv)."""

    code: str
    name: str
    level: int
    region: str
    signature: str
    access_key: str
    secret: str
    infcode_number: bool

    @classmethod
    def of(cls, row: Mapping[str, str]) -> Institution:
        """From a row of institutions.csv."""
        return cls(
            code=row["code"],
            name=row["name"],
            level=int(row["level"]),
            region=row["region"],
            signature=row["signature"],
            access_key=row["access_key"],
            secret=row["secret"],
            infcode_number=row["infcode_number"] == "1",
        )


@dataclass(slots=True)
class Line:
    """The line: how often which mishap happened, and every repeated message that got another answer than the first."""

    dice: random.Random
    mishaps_of_100: int = 0
    calls: int = 0
    mishaps: Counter[Mishap] = field(default_factory=Counter)
    answered_differently: list[str] = field(default_factory=list)

    def draw(self, infno: str) -> Mishap | None:
        """What happens to the next message of this kind."""
        self.calls += 1
        if infno not in _WRITES or self.dice.randrange(100) >= self.mishaps_of_100:
            return None
        mishap = self.dice.choice(list(Mishap))
        self.mishaps[mishap] += 1
        return mishap


class HisClient:
    """One institution's connection. Sends a message again with the same msgid when no reply came, as real clients do.

    ``receiver``: recer_sys_code; GSXT asks for the work-injury rule set. ``patience_s``: for how long a message without a
    reply, or whose reply says to send it again, goes on being sent; three times in any case.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        institution: Institution,
        line: Line,
        clock: Clock,
        *,
        receiver: str = "99",
        patience_s: float = 0.0,
    ) -> None:
        self.institution = institution
        self._http = http
        self._line = line
        self._clock = clock
        self._receiver = receiver
        self._patience_s = patience_s
        self._serial = 0
        self._sign_no = ""
        self.last_msgid = ""

    async def sign_in(self) -> None:
        """9001; the number goes into every later envelope."""
        output = await self.call("9001", {"signIn": {"opter_no": "0001", "mac": "00-00-00-00-00-01", "ip": "10.0.0.1"}})
        self._sign_no = output["signinoutb"]["sign_no"]

    async def call(self, infno: str, payload: Mapping[str, Any]) -> Answer:
        """The ``output`` of one transaction, numbers as Decimal. Raises HisError."""
        body = self._envelope(infno, payload)
        answer = await self._exchange(infno, body)
        if str(answer.get("infcode")) != "0":
            raise HisError(f"{infno}: {answer.get('err_msg') or answer.get('message') or answer}")
        output: Answer = answer["output"]
        return output

    async def _exchange(self, infno: str, body: bytes) -> Answer:
        mishap = self._line.draw(infno)
        if mishap is None or mishap is Mishap.LOST_REQUEST:
            return await self._post(infno, body)
        if mishap is Mishap.LOST_REPLY:
            first = await self._post(infno, body)
            second = await self._post(infno, body)
        else:
            early = asyncio.create_task(self._post(infno, body))
            await asyncio.sleep(_PATIENCE_S if mishap is Mishap.DELAYED else 0)
            second = await self._post(infno, body)
            first = await early
        if any(first.get(part) != second.get(part) for part in ("infcode", "err_msg", "output")):
            self._line.answered_differently.append(f"{infno} {mishap.value}: {first.get('err_msg')} / {second.get('err_msg')}")
        return second

    async def _post(self, infno: str, body: bytes) -> Answer:
        path = "/CSB" if self.institution.signature == "csb" else "/fsi/api/rsfComIfsService/callService"
        if self.institution.infcode_number:
            path = f"/hsa/hgs/{infno}"
        headers = {"Content-Type": "application/json; charset=utf-8", **self._signature(infno)}
        until = time.monotonic() + self._patience_s
        tries = 0
        while True:
            tries += 1
            last = tries >= _TRIES and time.monotonic() >= until
            try:
                reply = await self._http.post(path, content=body, headers=headers)
                answer = dict(json.loads(reply.content, parse_float=Decimal))
                if last or _SEND_AGAIN not in str(answer.get("err_msg")):
                    return answer
            except httpx.TransportError:
                if last:
                    raise
            headers.update(self._signature(infno))
            await asyncio.sleep(_PATIENCE_S)

    def _signature(self, infno: str) -> dict[str, str]:
        now = self._clock.now()
        key, secret = self.institution.access_key, self.institution.secret
        if self.institution.signature == "csb":
            fields = {
                "_api_name": infno,
                "_api_version": "1.0.0",
                "_api_timestamp": str(int(now.timestamp() * 1000)),
                "_api_access_key": key,
            }
            return {**fields, "_api_signature": csb_signature(fields, secret)}
        stamp, nonce = str(int(now.timestamp())), f"{self._line.dice.getrandbits(128):032x}"
        return {
            "x-tif-paasid": key,
            "x-tif-timestamp": stamp,
            "x-tif-nonce": nonce,
            "x-tif-signature": x_tif_signature(stamp, secret, nonce),
        }

    def _envelope(self, infno: str, payload: Mapping[str, Any]) -> bytes:
        self._serial += 1
        now = local(self._clock.now())
        self.last_msgid = f"{self.institution.code}{now:%Y%m%d%H%M%S}{self._serial % 10_000:04d}"
        message = {
            "infno": infno,
            "msgid": self.last_msgid,
            "mdtrtarea_admvs": self.institution.region,
            "insuplc_admdvs": self.institution.region,
            "recer_sys_code": self._receiver,
            "dev_no": "",
            "dev_safe_info": "",
            "cainfo": "",
            "signtype": "",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "0001",
            "opter_name": "收费员",
            "inf_time": f"{now:%Y-%m-%d %H:%M:%S}",
            "fixmedins_code": self.institution.code,
            "fixmedins_name": self.institution.name,
            "sign_no": self._sign_no,
            "input": payload,
        }
        return json.dumps(message, ensure_ascii=False).encode()
