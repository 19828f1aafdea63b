"""Pass a HIS message on to claims, byte for byte, and its answer back; answer in its place when that cannot be done.

The gateway's own answers are HIS answers with HTTP 200 (chs-interface 1.1: clients show nothing of any other status), and
each says whether the message may have had an effect.
"""

from __future__ import annotations

import itertools
import json

from gateway.application.his_credentials import Signatory
from gateway.application.ports import Answer, ClaimsDesk, NotDelivered, OutcomeUnknown, RateLimit
from shared.clock import Clock, local

TOO_LARGE = "报文过大，未办理；单次报文不得超过10MB，请分批上传"
TOO_MANY = "请求过于频繁，本次未办理，请稍后重试"
AWAY = "系统繁忙，本次未办理，请稍后用原报文重发"
UNKNOWN = "结果未知，请用原报文重发或先查询，不要重新办理"
MAX_BYTES = 10 * 1024 * 1024


class ForwardHisMessage:
    """One message of a known institution in, one answer out; never a refusal."""

    def __init__(self, *, claims: ClaimsDesk, limit: RateLimit, clock: Clock) -> None:
        self._claims = claims
        self._limit = limit
        self._clock = clock
        self._serial = itertools.count(1)

    async def __call__(self, signatory: Signatory, path: str, body: bytes | None, media_type: str) -> Answer:
        """``body`` None: it was too large to be read."""
        if body is None:
            return self._refuse(signatory, TOO_LARGE)
        if not self._limit.allows(signatory.institution_code):
            return self._refuse(signatory, TOO_MANY)
        try:
            return await self._claims.post(path, body, media_type, signatory.institution_code)
        except NotDelivered:
            return self._refuse(signatory, AWAY)
        except OutcomeUnknown:
            return self._refuse(signatory, UNKNOWN)

    def away(self) -> Answer:
        """The answer when it could not even be found out who sends: nothing was done."""
        return self._refuse(None, AWAY)

    def _refuse(self, signatory: Signatory | None, message: str) -> Answer:
        now = local(self._clock.now())
        instant = f"{now:%Y%m%d%H%M%S}{now.microsecond // 1000:03d}"
        answer: dict[str, object] = {
            "infcode": -1 if signatory is not None and signatory.infcode_number else "-1",
            "inf_refmsgid": f"{signatory.region if signatory else '':0>6.6}{now:%Y%m%d%H%M%S}{next(self._serial) % 10**10:010d}",
            "refmsg_time": instant,
            "respond_time": instant,
            "err_msg": message,
            "output": {},
        }
        return Answer(body=json.dumps(answer, ensure_ascii=False).encode(), media_type="application/json;charset=utf-8")
