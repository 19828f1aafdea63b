"""Child processes that cannot outlive their parent, however the parent dies."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def dies_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """A ``preexec_fn`` after which the kernel sends ``death_signal`` to the child when its parent dies, kill -9 included.

    The kernel watches the *thread* that started the child: start children from a thread that lives as long as they shall.
    Outside Linux there is no such promise and the function does nothing.
    """
    if sys.platform != "linux":
        return lambda: None
    parent = os.getpid()
    libc = ctypes.CDLL(None)  # loaded before the fork: the child must not run the dynamic loader

    def arm() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # the parent died before the line above
            os.kill(os.getpid(), signal.SIGKILL)

    return arm


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def kept_port(file: Path) -> int:
    """The port written in ``file``; chosen and written when there is none yet or somebody else listens on it now."""
    if file.exists():
        port = int(file.read_text())
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                pass
            else:
                return port
    port = free_port()
    file.write_text(f"{port}\n")
    return port
