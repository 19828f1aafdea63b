"""Reads deploy/topology.toml, the single list of what runs."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from devstack.data_folder import REPOSITORY
from devstack.processes import free_port

TOPOLOGY_FILE = REPOSITORY / "deploy" / "topology.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEntry:
    """One service of the list."""

    name: str
    module: str
    """``python -m <module> <process>`` runs it."""
    processes: tuple[str, ...]
    port: int
    ready: str
    """The path of its HTTP process that answers 200 when it can work."""
    database: str | None
    group: str | None
    """Its consumer group."""

    @property
    def variable(self) -> str:
        """The name as in ``ONEWINDOW_<NAME>_…``."""
        return self.name.upper().replace("-", "_")

    def process_name(self, process: str) -> str:
        """``claims-api``; a service of a single process bears its name: ``console``."""
        return self.name if process == self.name else f"{self.name}-{process}"

    @property
    def url(self) -> str:
        """Where its HTTP process answers."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """The whole list."""

    services: tuple[ServiceEntry, ...]
    topics: tuple[str, ...]
    partitions: int

    def with_free_ports(self) -> Topology:
        """The same on ports that are free now, for a stack beside another one."""
        return replace(self, services=tuple(replace(service, port=free_port()) for service in self.services))


def read_topology(file: Path = TOPOLOGY_FILE, environ: Mapping[str, str] | None = None) -> Topology:
    """The list, with ports as ``ONEWINDOW_<SERVICE>_PORT`` says where it is set. Raises KeyError when a value is missing."""
    env = os.environ if environ is None else environ
    listed = tomllib.loads(file.read_text())
    services = []
    for name, entry in listed["services"].items():
        service = ServiceEntry(
            name=name,
            module=entry["module"],
            processes=tuple(entry["processes"]),
            port=entry["port"],
            ready=entry["ready"],
            database=entry.get("database"),
            group=entry.get("group"),
        )
        services.append(replace(service, port=int(env.get(f"ONEWINDOW_{service.variable}_PORT", service.port))))
    return Topology(
        services=tuple(services), topics=tuple(listed["topics"]["names"]), partitions=listed["topics"]["partitions"]
    )
