"""The console reads a list to its end, or knows that it has not."""

from __future__ import annotations

import httpx
import pytest

from gateway.entrypoints.console.api import Api


@pytest.mark.parametrize(
    ("pages", "items", "complete"),
    [
        (3, [0, 1, 2, 3, 4], True),
        (4, [0, 1, 2, 3, 4], True),
        (2, [0, 1, 2, 3], False),
    ],
)
async def test_every_page_is_read_up_to_the_bound(pages: int, items: list[int], complete: bool) -> None:
    asked: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        first = int(request.url.params.get("after", 0))
        last = first + int(request.url.params["limit"])
        return httpx.Response(200, json={"items": list(range(5))[first:last], "next": str(last) if last < 5 else None})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://gateway") as http:
        assert await Api(http).every("/v1/things", pages=pages, size=2, state="audited") == (items, complete)
    assert (
        asked
        == [
            {"state": "audited", "limit": "2"},
            {"state": "audited", "limit": "2", "after": "2"},
            {"state": "audited", "limit": "2", "after": "4"},
        ][: min(pages, 3)]
    )
