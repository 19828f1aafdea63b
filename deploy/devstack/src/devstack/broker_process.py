"""A Kafka broker as a child process on 127.0.0.1: what every kind of broker has in common, and our own kind."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from devstack.processes import dies_with_parent, kept_port


class BrokerProcess(ABC):
    """One broker: its log, port and messages lie in ``data_dir`` and survive from start to start."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
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

    def start(self, timeout_s: float = 60) -> str:
        """Run the broker and wait until it listens; returns `bootstrap`.

        It stops by itself when the calling process dies (call from the main thread).
        Raises RuntimeError with the end of the broker's messages when it does not come up.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._port = kept_port(self.data_dir / "port")
        command = self._command(self._port)
        messages = self.data_dir / "broker.log"
        with messages.open("ab") as out:
            # A session of its own: Ctrl-C is for the starter alone.
            self._process = subprocess.Popen(
                command, stdout=out, stderr=out, start_new_session=True, preexec_fn=dies_with_parent(signal.SIGTERM)
            )
        deadline = time.monotonic() + timeout_s
        while not self._listens():
            if self.pid is None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the broker did not start:\n{messages.read_text(errors='replace')[-2000:]}")
            time.sleep(0.03)
        return self.bootstrap

    def stop(self, timeout_s: float = 30) -> None:
        """End the broker in good order; does nothing when it is not running."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @abstractmethod
    def _command(self, port: int) -> list[str]:
        """Prepare the data folder and return the command that runs the broker."""

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


class EmbeddedBroker(BrokerProcess):
    """`devstack.broker`, with further command-line ``options``."""

    def __init__(self, data_dir: Path, options: Sequence[str] = ()) -> None:
        super().__init__(data_dir)
        self._options = options

    def _command(self, port: int) -> list[str]:
        return [
            sys.executable,
            "-m",
            "devstack.broker",
            "--port",
            str(port),
            "--data-dir",
            str(self.data_dir / "log"),
            *self._options,
        ]
