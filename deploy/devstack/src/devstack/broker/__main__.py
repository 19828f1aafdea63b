"""``python -m devstack.broker --port 9092 --data-dir DIR``"""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path

import uvloop

from devstack.broker.log import Retention
from devstack.broker.server import Broker


async def run(port: int, data_dir: Path, retention: Retention) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for stopping in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(stopping, stop.set)
    await Broker(port, data_dir, retention).serve(stop)


def main() -> None:
    """Parse the command line and run."""
    default = Retention()
    parser = argparse.ArgumentParser(
        prog="python -m devstack.broker", description="A Kafka broker for one machine; not for production."
    )
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--retention-bytes", type=int, default=default.bytes, help="per partition")
    parser.add_argument("--retention-ms", type=int, default=default.ms)
    given = parser.parse_args()
    uvloop.run(run(given.port, given.data_dir, Retention(given.retention_bytes, given.retention_ms)))


if __name__ == "__main__":
    main()
