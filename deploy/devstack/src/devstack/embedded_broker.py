"""Starts `devstack.broker` as a child process."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from devstack.processes import dies_with_parent, kept_port


class EmbeddedBroker:
    """One broker: its log, port and messages lie in ``data_dir`` and survive from start to start."""

    def __init__(self, data_dir: Path, options: Sequence[str] = ()) -> None:
        self._dir = data_dir
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def bootstrap(self) -> str:
        """``host:port``; valid after `start`."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """Process id of the broker, None when it is not running."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self, timeout_s: float = 30) -> str:
        """Run the broker and wait until it listens; returns `bootstrap`.

        It stops by itself when the calling process dies (call from the main thread).
        Raises RuntimeError with the end of the broker's messages when it does not come up.
        """
        self._dir.mkdir(parents=True, exist_ok=True)
        self._port = kept_port(self._dir / "port")
        command = [sys.executable, "-m", "devstack.broker", "--port", str(self._port), "--data-dir", str(self._dir / "log")]
        messages = self._dir / "broker.log"
        with messages.open("ab") as out:
            self._process = subprocess.Popen(
                [*command, *self._options],
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),
            )
        deadline = time.monotonic() + timeout_s
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"the broker did not start:\n{messages.read_text(errors='replace')[-2000:]}")
            time.sleep(0.03)
        return self.bootstrap

    def stop(self) -> None:
        """End the broker; does nothing when it is not running."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def kill(self) -> None:
        """kill -9, for tests."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0
