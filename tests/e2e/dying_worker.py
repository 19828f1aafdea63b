"""A worker that dies (kill -9) the first time it has committed events to its database and is about to commit their offsets.

``python tests/e2e/dying_worker.py gateway``: the real worker of a service, run until then.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Mapping

from shared.messaging.bus import Position
from shared.messaging.kafka import KafkaSubscriber


async def die(self: KafkaSubscriber, offsets: Mapping[Position, int]) -> None:
    """In the place of ``KafkaSubscriber.commit``."""
    os.kill(os.getpid(), signal.SIGKILL)


KafkaSubscriber.commit = die  # type: ignore[method-assign]  # the one line of the worker that must not be reached
importlib.import_module(f"{sys.argv[1]}.__main__").cli(["worker"])
