"""Only the gateway hands in HIS messages."""

from __future__ import annotations

from typing import Any

import httpx
from starlette.responses import PlainTextResponse

from claims.entrypoints.his.doorkeeper import Doorkeeper
from shared.auth import Principal
from shared.auth.wiring import AUDIENCE, build_signer, build_verifier
from shared.settings import read_settings

SETTINGS = read_settings("claims", {"ONEWINDOW_ENV": "test"})


class Door:
    """Counts who came in."""

    def __init__(self) -> None:
        self.opened = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.opened += 1
        await PlainTextResponse("in")(scope, receive, send)


def token(*, service: bool = True, scopes: frozenset[str] = frozenset({"*"}), ttl_s: int = 60) -> str:
    who = Principal("gateway", "gateway", scopes, frozenset({"*"}), service=service)
    return build_signer(SETTINGS).sign(who, audience=AUDIENCE, ttl_s=ttl_s)


async def ask(door: Door, authorization: str | None, times: int = 1) -> list[int]:
    keeper = Doorkeeper(door, build_verifier(SETTINGS))
    headers = {"Authorization": authorization} if authorization else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(keeper), base_url="http://claims") as http:
        return [(await http.post("/fsi/api", headers=headers)).status_code for _ in range(times)]


async def test_a_service_token_opens_again_and_again() -> None:
    door = Door()
    assert await ask(door, f"Bearer {token()}", times=3) == [200, 200, 200]
    assert door.opened == 3


async def test_nobody_else_comes_in() -> None:
    door = Door()
    wrong = [
        None,
        "Bearer x",
        f"Bearer {token(service=False)}",
        f"Bearer {token(scopes=frozenset({'persons:read'}))}",
        f"Bearer {token(ttl_s=-60)}",
    ]
    assert [(await ask(door, w))[0] for w in wrong] == [401] * 5
    assert door.opened == 0
