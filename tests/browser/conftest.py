"""The console as it runs, with the fake gateway behind it and Chromium before it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright, expect

from gateway.entrypoints.console.frame import COOKIE
from tests.browser.fake_gateway import FakeGateway

SCREENSHOTS = Path(__file__).parent / "screenshots"
"""Ignored by git; for people who want to see what the tests saw."""
START_S = 60
WAIT_MS = 15_000
expect.set_options(timeout=WAIT_MS)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def gateway_process() -> Iterator[tuple[FakeGateway, str]]:
    """The fake gateway, served by a thread of this process."""
    fake, port = FakeGateway(), free_port()
    server = uvicorn.Server(uvicorn.Config(fake.app(), host="127.0.0.1", port=port, log_level="warning", loop="asyncio"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield fake, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def console(gateway_process: tuple[FakeGateway, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real console process."""
    port = free_port()
    settings = {
        "ONEWINDOW_ENV": "test",
        "ONEWINDOW_CLOCK": "fixed:2026-11-22T09:30:00+08:00",
        "ONEWINDOW_CONSOLE_PORT": str(port),
        "ONEWINDOW_GATEWAY_URL": gateway_process[1],
    }
    log = (tmp_path_factory.mktemp("console") / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "console"], env={**os.environ, **settings}, stdout=log, stderr=subprocess.STDOUT
    )
    url, end = f"http://127.0.0.1:{port}", time.monotonic() + START_S
    try:
        while not _ready(url):
            assert process.poll() is None, Path(log.name).read_text()
            assert time.monotonic() < end, "the console did not start"
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)
        log.close()


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all journeys; every person has a window of his own."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
        )
        yield browser
        await browser.close()


@pytest.fixture
def gateway(gateway_process: tuple[FakeGateway, str]) -> FakeGateway:
    """The fake gateway, fresh."""
    gateway_process[0].reset()
    return gateway_process[0]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def contexts(browser: Browser, console: str) -> AsyncIterator[Callable[[str], Awaitable[BrowserContext]]]:
    """A browser for everybody, with a cache of its own, at the office's screen size; signed in unless the name is empty."""
    opened: dict[str, BrowserContext] = {}

    async def of(username: str) -> BrowserContext:
        if username not in opened:
            size: ViewportSize = {"width": 1366, "height": 768}
            opened[username] = await browser.new_context(viewport=size, locale="zh-CN", base_url=console)
            opened[username].set_default_timeout(WAIT_MS)
            if username:
                await opened[username].add_cookies([{"name": COOKIE, "value": f"token-{username}", "url": console}])
        return opened[username]

    yield of
    for context in opened.values():
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def sign_in(
    contexts: Callable[[str], Awaitable[BrowserContext]], gateway: FakeGateway
) -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """``await sign_in(username, path)``: a window of this person at a page. No page may throw in any of them."""
    opened: list[Page] = []
    faults: list[str] = []

    async def enter(username: str, path: str = "/") -> Page:
        page = await (await contexts(username)).new_page()
        opened.append(page)
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(path)
        return page

    yield enter
    for page in opened:
        await page.close()
    assert faults == []


@pytest.fixture(scope="session")
def shot() -> Callable[[Page, str], Awaitable[None]]:
    """Keeps a picture of a page."""
    SCREENSHOTS.mkdir(exist_ok=True)

    async def keep(page: Page, name: str) -> None:
        await page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return keep
