"""An open-loop load: messages leave at their scheduled instants whatever the answers do, so that a slow server cannot hide.

Its own process. A latency is counted from the instant the message was due, not from when a connection was free.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import pickle
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import uvloop

PATH = "/fsi/api/rsfComIfsService/callService"
CONNECTIONS = 256


class Stay(NamedTuple):
    """A discharged stay that waits to be settled."""

    visit_id: str
    person_id: str
    institution: int
    total: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send: one message per stay, at ``rate`` a second."""

    host: str
    port: int
    rate: float
    institutions: list[tuple[str, str, str]]
    """(code, access key, secret)."""
    stays: list[Stay]
    prefix: str
    """Makes the msgids of this run its own."""
    scheme: str = "390"
    account: str = "0"
    """acct_used_flag."""


class Outcome(NamedTuple):
    """One message: instants in seconds from the start of the load, and what came back."""

    due: float
    done: float
    settlement_id: str
    error: str


def request(plan: Plan, number: int, stay: Stay) -> bytes:
    """The whole HTTP request of one 2304, signed x-tif (chs-interface 1.3)."""
    code, key, secret = plan.institutions[stay.institution]
    body = json.dumps(
        {
            "infno": "2304", "msgid": f"{plan.prefix}{number:08d}", "mdtrtarea_admvs": "990101", "insuplc_admdvs": "990101",
            "recer_sys_code": "YBXT", "dev_no": "", "dev_safe_info": "", "cainfo": "", "signtype": "", "infver": "V1.0",
            "opter_type": "1", "opter": "0001", "opter_name": "收费员", "inf_time": "2026-03-20 09:00:00",
            "fixmedins_code": code, "fixmedins_name": "医院", "sign_no": "",
            "input": {
                "data": {
                    "psn_no": stay.person_id, "mdtrt_cert_type": "02", "mdtrt_cert_no": "99010119740410001X", "certno": "",
                    "psn_name": "", "medfee_sumamt": stay.total, "psn_setlway": "01", "mdtrt_id": stay.visit_id,
                    "insutype": plan.scheme, "acct_used_flag": plan.account, "mid_setl_flag": "0", "invono": f"{number}",
                }
            },
        },
        ensure_ascii=False,
    ).encode()  # fmt: skip
    stamp, nonce = str(int(time.time())), f"{plan.prefix}{number}"
    signature = hashlib.sha256(f"{stamp}{secret}{nonce}{stamp}".encode()).hexdigest()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: {plan.host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"x-tif-paasid: {key}\r\nx-tif-timestamp: {stamp}\r\nx-tif-nonce: {nonce}\r\nx-tif-signature: {signature}\r\n\r\n"
    )
    return head.encode() + body


class Connection(asyncio.Protocol):
    """One keep-alive connection, one message at a time."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: asyncio.WriteTransport | None = None
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready."""
        self._transport = transport  # type: ignore[assignment]  # a TCP transport writes

    def data_received(self, data: bytes) -> None:
        """Complete the answer when all of it is there."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        at = head.index(b"content-length:") + 15
        length = int(head[at : head.find(b"\r", at) if b"\r" in head[at:] else None])
        if len(self._buffer) >= end + 4 + length and self._answer is not None and not self._answer.done():
            body = bytes(self._buffer[end + 4 : end + 4 + length])
            del self._buffer[: end + 4 + length]
            self._answer.set_result(body if b" 200 " in head[:20] else head[:20] + b" " + body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what waits; an idle one was closed by the server and must not be used again."""
        self.lost = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("closed"))

    async def ask(self, message: bytes) -> bytes:
        """Send and wait for the body of the answer."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(message)
        return await self._answer


async def run(plan: Plan) -> list[Outcome]:
    """Send everything; the outcome of each message in order."""
    loop = asyncio.get_running_loop()
    idle: deque[Connection] = deque()
    free = asyncio.Semaphore(CONNECTIONS)
    outcomes: list[Outcome | None] = [None] * len(plan.stays)
    start = loop.time() + 0.2

    async def one(number: int, stay: Stay, due: float) -> None:
        settlement, error = "", ""
        async with free:
            try:
                while idle and idle[-1].lost:
                    idle.pop()
                if idle:
                    connection = idle.pop()
                else:
                    _, connection = await loop.create_connection(Connection, plan.host, plan.port)
                answer = await asyncio.wait_for(connection.ask(request(plan, number, stay)), 30)
                idle.append(connection)
                if b'"infcode":"0"' in answer[:40]:
                    settlement = json.loads(answer)["output"]["setlinfo"]["setl_id"]
                else:
                    error = answer[:300].decode(errors="replace")
            except (OSError, TimeoutError, ValueError, KeyError) as lost:
                error = f"{type(lost).__name__}: {lost}"
        outcomes[number] = Outcome(due, loop.time() - start, settlement, error)

    tasks = []
    for number, stay in enumerate(plan.stays):
        due = number / plan.rate
        wait = start + due - loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(one(number, stay, due)))
    await asyncio.gather(*tasks)
    return [o for o in outcomes if o is not None]


def main() -> None:
    """``generator.py PLAN.pickle RESULT.pickle``"""
    plan: Plan = pickle.loads(Path(sys.argv[1]).read_bytes())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        outcomes = runner.run(run(plan))
    Path(sys.argv[2]).write_bytes(pickle.dumps([tuple(o) for o in outcomes]))


if __name__ == "__main__":
    main()
