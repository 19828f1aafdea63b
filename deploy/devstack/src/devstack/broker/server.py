"""The broker's process: listens, understands requests, and lets the log, the groups and the offsets do the work."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from aiokafka.protocol.admin import ApiVersionRequest_v0
from aiokafka.protocol.api import Response

from devstack.broker.errors import BrokerError, ErrorCode
from devstack.broker.groups import Group
from devstack.broker.log import Retention, Topics
from devstack.broker.offsets import Committed, OffsetStore
from devstack.broker.protocol import Call, ProtocolError, api_versions, frame, read_call

NODE_ID = 1
HOST = "127.0.0.1"
_TICK_S = 0.05
_RETENTION_EVERY_S = 30.0
_EARLIEST, _LATEST = -2, -1
_TOPIC_RESOURCE = 2
_DYNAMIC_TOPIC_CONFIG, _DEFAULT_CONFIG = 1, 5

Fields = tuple[Any, ...]
"""The fields of a response in the order of its schema."""


class Broker:
    """All state of the broker, with one method per request of the protocol.

    Everything runs in one event loop; no method awaits between looking at its state and changing it.
    """

    def __init__(self, port: int, data_dir: Path, retention: Retention) -> None:
        self._port = port
        data_dir.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(data_dir / "lock")
        self._topics = Topics(data_dir, retention)
        self._offsets = OffsetStore(data_dir)
        self._groups: dict[str, Group] = {}
        self._last_producer_id = _count_start(data_dir / "starts") << 32  # never given out by an earlier run
        self._handlers: dict[str, Callable[[Call], Awaitable[Fields | None]]] = {
            "Produce": self._produce,
            "Fetch": self._fetch,
            "Offset": self._list_offsets,
            "Metadata": self._metadata,
            "OffsetCommit": self._commit_offsets,
            "OffsetFetch": self._fetch_offsets,
            "FindCoordinator": self._find_coordinator,
            "JoinGroup": self._join_group,
            "Heartbeat": self._heartbeat,
            "LeaveGroup": self._leave_group,
            "SyncGroup": self._sync_group,
            "DescribeGroups": self._describe_groups,
            "ListGroups": self._list_groups,
            "CreateTopics": self._create_topics,
            "DeleteTopics": self._delete_topics,
            "InitProducerId": self._init_producer_id,
            "DescribeConfigs": self._describe_configs,
        }

    async def serve(self, stop: asyncio.Event) -> None:
        """Listen until ``stop`` is set. Raises OSError when the log cannot be kept in order."""
        server = await asyncio.start_server(self._converse, HOST, self._port, backlog=512)
        housekeeping = asyncio.create_task(self._keep_house())
        stopping = asyncio.create_task(stop.wait())
        print(f"broker: listening on {HOST}:{self._port}", flush=True)
        await asyncio.wait({housekeeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.close()
        if housekeeping.done():
            housekeeping.result()  # raises: it never ends by itself
        housekeeping.cancel()

    async def _keep_house(self) -> None:
        next_retention_s = 0.0
        while True:
            for group in self._groups.values():
                group.tick()
            if time.monotonic() >= next_retention_s:
                self._topics.enforce_retention(time.time())
                next_retention_s = time.monotonic() + _RETENTION_EVERY_S
            await asyncio.sleep(_TICK_S)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests in their order, as Kafka does."""
        try:
            while True:
                call = await read_call(reader)
                response = await self._answer(call)
                if response is not None:
                    writer.write(frame(call.correlation_id, response))
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client hung up
        except ProtocolError as cause:
            print(f"broker: connection closed: {cause}", file=sys.stderr)
        finally:
            writer.close()

    async def _answer(self, call: Call) -> Response | None:
        """None when the client wants no answer (a producer with acks=0)."""
        if call.request is None:
            return api_versions(ErrorCode.UNSUPPORTED_VERSION)
        if isinstance(call.request, ApiVersionRequest_v0):
            return api_versions(ErrorCode.NONE)
        name = type(call.request).__name__.partition("Request")[0]
        fields = await self._handlers[name](call)
        return None if fields is None else call.request.RESPONSE_TYPE(*fields)

    # -- records ------------------------------------------------------------------------------------------------------

    async def _produce(self, call: Call) -> Fields | None:
        def one(topic: str, number: int, data: bytes) -> Fields:
            try:
                if call.request.transactional_id is not None:
                    raise BrokerError(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
                return number, ErrorCode.NONE, self._topics.partition(topic, number).append(data), -1
            except BrokerError as refused:
                return number, refused.code, -1, -1

        answer = [(topic, [one(topic, *part) for part in parts]) for topic, parts in call.request.topics]
        return (answer, 0) if call.request.required_acks else None

    async def _fetch(self, call: Call) -> Fields:
        """Answer as soon as there is something to read (or to refuse), else after the client's waiting time."""
        request = call.request
        loop = asyncio.get_running_loop()
        deadline = loop.time() + request.max_wait_time / 1000
        while True:
            answer, size, refused = self._read(request)
            left_s = deadline - loop.time()
            if refused or size >= max(1, request.min_bytes) or left_s <= 0:
                return 0, answer
            appended: asyncio.Future[None] = loop.create_future()
            watched = [self._topics.partition(topic, number) for topic, parts in request.topics for number, _, _ in parts]
            for partition in watched:
                partition.watch(appended)
            await asyncio.wait([appended], timeout=left_s)
            for partition in watched:
                partition.unwatch(appended)

    def _read(self, request: Any) -> tuple[list[Fields], int, bool]:
        """What a fetch request gets now: the answer, its bytes of records, and whether any part was refused."""
        answer: list[Fields] = []
        size, refused = 0, False
        for topic, parts in request.topics:
            read: list[Fields] = []
            for number, offset, max_bytes in parts:
                try:
                    partition = self._topics.partition(topic, number)
                    room = min(max_bytes, request.max_bytes - size)
                    data = partition.read(offset, room) if room > 0 else b""
                    read.append((number, ErrorCode.NONE, partition.end_offset, partition.end_offset, [], data))
                    size += len(data)
                except BrokerError as error:
                    read.append((number, error.code, -1, -1, [], b""))
                    refused = True
            answer.append((topic, read))
        return answer, size, refused

    async def _list_offsets(self, call: Call) -> Fields:
        def one(topic: str, number: int, timestamp_ms: int) -> Fields:
            try:
                partition = self._topics.partition(topic, number)
            except BrokerError as refused:
                return number, refused.code, -1, -1
            if timestamp_ms == _LATEST:
                return number, ErrorCode.NONE, -1, partition.end_offset
            if timestamp_ms == _EARLIEST:
                return number, ErrorCode.NONE, -1, partition.start_offset
            return number, ErrorCode.NONE, *(partition.first_at_or_after(timestamp_ms) or (-1, -1))

        return ([(topic, [one(topic, *part) for part in parts]) for topic, parts in call.request.topics],)

    async def _init_producer_id(self, call: Call) -> Fields:
        if call.request.transactional_id is not None:
            return 0, ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, -1, -1
        self._last_producer_id += 1
        return 0, ErrorCode.NONE, self._last_producer_id, 0

    # -- topics -------------------------------------------------------------------------------------------------------

    async def _metadata(self, call: Call) -> Fields:
        """Never creates a topic, whatever the client allows: a misspelt name shall be an error."""
        described: list[Fields] = []
        for name in self._topics.by_name if call.request.topics is None else call.request.topics:
            topic = self._topics.by_name.get(name)
            if topic is None:
                described.append((ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, name, False, []))
            else:
                partitions: list[Fields] = [
                    (ErrorCode.NONE, number, NODE_ID, [NODE_ID], [NODE_ID], []) for number in range(len(topic.partitions))
                ]
                described.append((ErrorCode.NONE, name, False, partitions))
        return 0, [(NODE_ID, HOST, self._port, None)], "onewindow", NODE_ID, described

    async def _create_topics(self, call: Call) -> Fields:
        answer: list[Fields] = []
        for name, partitions, _replicas, _assignment, configs in call.request.create_topic_requests:
            try:
                self._topics.create(name, partitions, dict(configs), validate_only=call.request.validate_only)
                answer.append((name, ErrorCode.NONE, None))
            except BrokerError as refused:
                answer.append((name, refused.code, str(refused)))
        return (answer,)

    async def _delete_topics(self, call: Call) -> Fields:
        answer: list[Fields] = []
        for name in call.request.topics:
            try:
                self._topics.delete(name)
                self._offsets.forget_topic(name)
                answer.append((name, ErrorCode.NONE))
            except BrokerError as refused:
                answer.append((name, refused.code))
        return (answer,)

    async def _describe_configs(self, call: Call) -> Fields:
        answer: list[Fields] = []
        for kind, name, wanted in call.request.resources:
            topic = self._topics.by_name.get(name) if kind == _TOPIC_RESOURCE else None
            if topic is None:
                code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION if kind == _TOPIC_RESOURCE else ErrorCode.INVALID_REQUEST
                answer.append((code, "only existing topics can be described", kind, name, []))
                continue
            entries: list[Fields] = [
                (key, value, True, _DYNAMIC_TOPIC_CONFIG if key in topic.configs else _DEFAULT_CONFIG, False, [])
                for key, value in topic.effective_configs.items()
                if wanted is None or key in wanted
            ]
            answer.append((ErrorCode.NONE, None, kind, name, entries))
        return 0, answer

    # -- groups -------------------------------------------------------------------------------------------------------

    async def _find_coordinator(self, _call: Call) -> Fields:
        return ErrorCode.NONE, NODE_ID, HOST, self._port

    async def _join_group(self, call: Call) -> Fields:
        request = call.request
        try:
            if not request.group:
                raise BrokerError(ErrorCode.INVALID_GROUP_ID)
            joined = await self._group(request.group).join(
                request.member_id,
                call.client_id,
                request.protocol_type,
                dict(request.group_protocols),
                request.session_timeout,
                request.rebalance_timeout,
            )
        except BrokerError as refused:
            return 0, refused.code, -1, "", "", request.member_id, []
        return 0, ErrorCode.NONE, joined.generation, joined.protocol, joined.leader, joined.member_id, joined.members

    async def _sync_group(self, call: Call) -> Fields:
        request = call.request
        try:
            share = await self._group(request.group).sync(
                request.member_id, request.generation_id, dict(request.group_assignment)
            )
        except BrokerError as refused:
            return refused.code, b""
        return ErrorCode.NONE, share

    async def _heartbeat(self, call: Call) -> Fields:
        request = call.request
        return (_code_of(lambda: self._group(request.group).heartbeat(request.member_id, request.generation_id)),)

    async def _leave_group(self, call: Call) -> Fields:
        request = call.request
        return (_code_of(lambda: self._group(request.group).remove(request.member_id)),)

    async def _commit_offsets(self, call: Call) -> Fields:
        request = call.request
        group = self._group(request.consumer_group)
        refused = _code_of(lambda: group.verify_commit(request.consumer_id, request.consumer_group_generation_id))
        accepted: dict[tuple[str, int], Committed] = {}

        def one(topic: str, number: int, offset: int, note: str) -> Fields:
            code = refused or _code_of(lambda: self._topics.partition(topic, number))
            if not code:
                accepted[topic, number] = Committed(offset, note)
            return number, code

        answer = [(topic, [one(topic, *part) for part in parts]) for topic, parts in request.topics]
        self._offsets.commit(request.consumer_group, accepted)
        return (answer,)

    async def _fetch_offsets(self, call: Call) -> Fields:
        committed = self._offsets.of(call.request.consumer_group)
        wanted = call.request.topics
        if wanted is None:
            wanted = [
                (topic, [number for name, number in committed if name == topic]) for topic in {name for name, _ in committed}
            ]
        none = Committed(-1, "")
        answer = [
            (topic, [(number, *committed.get((topic, number), none), ErrorCode.NONE) for number in numbers])
            for topic, numbers in wanted
        ]
        return answer, ErrorCode.NONE

    async def _list_groups(self, _call: Call) -> Fields:
        names: Iterable[str] = dict.fromkeys([*self._groups, *self._offsets.groups()])
        return 0, ErrorCode.NONE, [(name, self._group(name).protocol_type) for name in names]

    async def _describe_groups(self, call: Call) -> Fields:
        return 0, [self._describe_group(name) for name in call.request.groups]

    def _describe_group(self, name: str) -> Fields:
        group = self._groups.get(name)
        if group is None:
            known = name in self._offsets.groups()
            return ErrorCode.NONE, name, "Empty" if known else "Dead", "consumer" if known else "", "", []
        members = [
            (member.id, member.client_id, f"/{HOST}", member.protocols.get(group.protocol, b""), member.assignment)
            for member in group.members.values()
        ]
        return ErrorCode.NONE, name, group.state.value, group.protocol_type, group.protocol, members

    def _group(self, name: str) -> Group:
        return self._groups.setdefault(name, Group(name))


def _code_of(attempt: Callable[[], object]) -> ErrorCode:
    try:
        attempt()
    except BrokerError as refused:
        return refused.code
    return ErrorCode.NONE


def _lock(file: Path) -> int:
    """Keep ``file`` locked for as long as this process lives: two brokers on one log would destroy it."""
    descriptor = os.open(file, os.O_CREAT | os.O_RDWR, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit(f"broker: another broker works in {file.parent}") from None
    return descriptor


def _count_start(file: Path) -> int:
    starts = 1
    with contextlib.suppress(FileNotFoundError):
        starts = int(file.read_text()) + 1
    draft = file.with_suffix(".draft")
    draft.write_text(str(starts))
    draft.rename(file)
    return starts
