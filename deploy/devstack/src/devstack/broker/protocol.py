"""The Kafka wire protocol: which requests are understood, and how one is read from and answered on a connection.

The schemas are aiokafka's own, one version of each request; aiokafka's clients learn the versions from ApiVersions. They were
written for a client, so an upgrade of aiokafka has to pass tests/contract/broker.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from aiokafka.protocol.admin import (
    ApiVersionRequest_v0,
    ApiVersionResponse_v0,
    CreateTopicsRequest_v1,
    DeleteTopicsRequest_v0,
    DescribeConfigsRequest_v1,
    DescribeGroupsRequest_v1,
    ListGroupsRequest_v1,
)
from aiokafka.protocol.api import RequestStruct, Response
from aiokafka.protocol.commit import OffsetCommitRequest_v2, OffsetFetchRequest_v2
from aiokafka.protocol.coordination import FindCoordinatorRequest_v0
from aiokafka.protocol.fetch import FetchRequest_v4
from aiokafka.protocol.group import HeartbeatRequest_v0, JoinGroupRequest_v2, LeaveGroupRequest_v0, SyncGroupRequest_v0
from aiokafka.protocol.metadata import MetadataRequest_v5
from aiokafka.protocol.offset import OffsetRequest_v1
from aiokafka.protocol.produce import ProduceRequest_v3
from aiokafka.protocol.transaction import InitProducerIdRequest_v0

from devstack.broker.errors import ErrorCode

MAX_REQUEST_BYTES = 100 << 20
"""Apache Kafka's default socket.request.max.bytes."""

REQUESTS: dict[int, type[RequestStruct]] = {
    request.API_KEY: request
    for request in (
        ProduceRequest_v3,
        FetchRequest_v4,
        OffsetRequest_v1,
        MetadataRequest_v5,
        OffsetCommitRequest_v2,
        OffsetFetchRequest_v2,
        FindCoordinatorRequest_v0,
        JoinGroupRequest_v2,
        HeartbeatRequest_v0,
        LeaveGroupRequest_v0,
        SyncGroupRequest_v0,
        DescribeGroupsRequest_v1,
        ListGroupsRequest_v1,
        ApiVersionRequest_v0,
        CreateTopicsRequest_v1,
        DeleteTopicsRequest_v0,
        InitProducerIdRequest_v0,
        DescribeConfigsRequest_v1,
    )
}

_HEAD = struct.Struct(">hhi")


class ProtocolError(Exception):
    """What arrived is no request that this broker can answer; the connection has to be closed."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a client."""

    correlation_id: int
    client_id: str
    request: Any
    """An instance of one of `REQUESTS`; None for an ApiVersions request of a version unknown here, which has an answer."""


async def read_call(reader: asyncio.StreamReader) -> Call:
    """The next request. Raises ProtocolError, or asyncio.IncompleteReadError when the client hangs up."""
    size = int.from_bytes(await reader.readexactly(4), "big")
    if not _HEAD.size + 2 <= size <= MAX_REQUEST_BYTES:
        raise ProtocolError(f"a frame of {size} bytes")
    frame = BytesIO(await reader.readexactly(size))
    key, version, correlation_id = _HEAD.unpack(frame.read(_HEAD.size))
    client_id = frame.read(max(0, int.from_bytes(frame.read(2), "big", signed=True)))
    known = REQUESTS.get(key)
    if known is None or (version != known.API_VERSION and known is not ApiVersionRequest_v0):
        raise ProtocolError(f"request {key} in version {version}")
    try:
        request = known.decode(frame) if version == known.API_VERSION else None
        return Call(correlation_id, client_id.decode(), request)
    except (ValueError, struct.error, MemoryError, OverflowError) as cause:
        raise ProtocolError(f"request {key}: {cause}") from cause


def frame(correlation_id: int, response: Response) -> bytes:
    """A response as it goes over the wire."""
    body = struct.pack(">i", correlation_id) + response.encode()
    return struct.pack(">i", len(body)) + body


def api_versions(error: ErrorCode) -> ApiVersionResponse_v0:
    """The list of what this broker understands."""
    return ApiVersionResponse_v0(error, [(key, known.API_VERSION, known.API_VERSION) for key, known in REQUESTS.items()])
