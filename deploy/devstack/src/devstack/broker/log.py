"""The log on disk: topics, their partitions, and the segments of a partition.

    <data>/topics/<topic>/topic.json                   number of partitions, settings
    <data>/topics/<topic>/<partition>/<first offset>.log    record batches, byte for byte as Kafka stores and sends them

A batch is acknowledged when it is in the operating system's hands (no fsync, as Kafka's default): a kill -9 of the broker
loses nothing, a power cut may. What a kill left half written at the end of a segment is cut off at the next start.
"""

from __future__ import annotations

import asyncio
import bisect
import json
import os
import re
import shutil
import struct
import sys
import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from aiokafka.record.default_records import DefaultRecordBatch

from devstack.broker.errors import BrokerError, ErrorCode

SEGMENT_BYTES = 16 << 20
MAX_BATCH_BYTES = 1_048_588
"""Apache Kafka's default message.max.bytes, so that what is too large there is too large here."""
REMEMBERED_BATCHES = 5
"""Per producer, as Apache Kafka: how far back a repeated batch is recognised."""
REMEMBERED_PRODUCERS = 1000
"""Per partition; the one silent for longest is forgotten."""

_LEGAL_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")
_POSSIBLE_CONFIG = re.compile(r"retention\.(bytes|ms)=(-1|[0-9]+)|cleanup\.policy=delete")
_TRANSACTIONAL_OR_CONTROL = 0x30
_MAX_SEQUENCE = 0x7FFFFFFF


class BatchHeader(NamedTuple):
    """The fixed head of a record batch (message format 2)."""

    base_offset: int
    length: int
    leader_epoch: int
    magic: int
    crc: int
    attributes: int
    last_offset_delta: int
    first_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    record_count: int


_HEADER = struct.Struct(">qiibIhiqqqhii")
_BEFORE_LENGTH_COUNTS = 12  # base offset and the length itself


def split_batches(data: bytes) -> list[tuple[BatchHeader, bytes]]:
    """The whole, undamaged batches at the beginning of ``data``."""
    batches = []
    position = 0
    while position + _HEADER.size <= len(data):
        header = BatchHeader(*_HEADER.unpack_from(data, position))
        end = position + _BEFORE_LENGTH_COUNTS + header.length
        raw = data[position:end]
        if header.magic != 2 or len(raw) < _HEADER.size or end > len(data) or not DefaultRecordBatch(raw).validate_crc():
            break
        if header.record_count < 1 or header.last_offset_delta != header.record_count - 1:
            break
        batches.append((header, raw))
        position = end
    return batches


@dataclass(frozen=True, slots=True)
class Retention:
    """How much of a partition is kept. Whole segments go, the oldest first, never the one being written."""

    bytes: int = 512 << 20
    ms: int = 7 * 24 * 3600 * 1000
    """Counted from the moment a segment was last written, by this machine's clock."""


@dataclass(slots=True)
class _Segment:
    path: Path
    fd: int
    size: int = 0
    batches: int = 0
    """How many entries of the partition's index lie in this segment."""


class _Indexed(NamedTuple):
    """Where one batch lies."""

    segment: _Segment
    position: int
    length: int
    max_timestamp: int

    def read(self) -> bytes:
        return os.pread(self.segment.fd, self.length, self.position)


class _Sequences:
    """The last batches of each idempotent producer in one partition."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[int, int], deque[tuple[int, int, int]]] = OrderedDict()

    def repeated(self, header: BatchHeader) -> int | None:
        """The offset at which this very batch was already stored; None when it is new.

        Raises BrokerError when it is neither a repetition nor the producer's next batch. A producer unknown here may begin
        with any sequence (its earlier batches may have been deleted), as in Apache Kafka.
        """
        seen = self._seen.get((header.producer_id, header.producer_epoch))
        if seen is None:
            return None
        last_sequence = self._last_sequence(header)
        for first, last, offset in seen:
            if (first, last) == (header.base_sequence, last_sequence):
                return offset
        if header.base_sequence != (seen[-1][1] + 1) & _MAX_SEQUENCE:
            raise BrokerError(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
        return None

    def remember(self, header: BatchHeader, offset: int) -> None:
        producer = (header.producer_id, header.producer_epoch)
        seen = self._seen.setdefault(producer, deque(maxlen=REMEMBERED_BATCHES))
        seen.append((header.base_sequence, self._last_sequence(header), offset))
        self._seen.move_to_end(producer)
        if len(self._seen) > REMEMBERED_PRODUCERS:
            self._seen.popitem(last=False)

    @staticmethod
    def _last_sequence(header: BatchHeader) -> int:
        return (header.base_sequence + header.last_offset_delta) & _MAX_SEQUENCE


class Partition:
    """One ordered log. Appends and reads are plain calls in one thread, so a reader never sees a gap."""

    def __init__(self, folder: Path, retention: Retention, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._retention = retention
        self._segment_bytes = segment_bytes
        self._segments: deque[_Segment] = deque()
        self._base_offsets: list[int] = []
        self._index: list[_Indexed] = []  # beside _base_offsets
        self._sequences = _Sequences()
        self._waiting: set[asyncio.Future[None]] = set()
        self.end_offset = 0
        """The offset that the next record gets."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.glob("*.log")):
            self._load(path)

    @property
    def start_offset(self) -> int:
        """The first offset that is still kept; equal to `end_offset` when nothing is."""
        return self._base_offsets[0] if self._base_offsets else self.end_offset

    def append(self, data: bytes) -> int:
        """Store the batches of one produce request and wake the readers; returns the offset of the first.

        A batch that its idempotent producer has sent before is not stored again and keeps its offset.
        Raises BrokerError; then nothing of ``data`` is stored, except when the disk fails after the first of several batches.
        """
        batches = split_batches(data)
        if not batches or sum(len(raw) for _, raw in batches) != len(data):
            raise BrokerError(ErrorCode.CORRUPT_MESSAGE)
        for header, raw in batches:
            if len(raw) > MAX_BATCH_BYTES:
                raise BrokerError(ErrorCode.MESSAGE_TOO_LARGE)
            if header.attributes & _TRANSACTIONAL_OR_CONTROL:
                raise BrokerError(ErrorCode.INVALID_REQUEST, "transactions are not supported")
        offsets = [self._append_one(header, raw) for header, raw in batches]
        self.wake()
        return offsets[0]

    def read(self, offset: int, max_bytes: int) -> bytes:
        """Whole batches from the one that holds ``offset`` on: at least one if there is any, else up to ``max_bytes``.

        Raises BrokerError(OFFSET_OUT_OF_RANGE) before the start and beyond the end.
        """
        if not self.start_offset <= offset <= self.end_offset:
            raise BrokerError(ErrorCode.OFFSET_OUT_OF_RANGE)
        chunks: list[bytes] = []
        room = max_bytes
        first = bisect.bisect_right(self._base_offsets, offset) - 1
        if offset < self.end_offset:
            for number in range(first, len(self._index)):
                entry = self._index[number]
                if chunks and entry.length > room:
                    break
                chunks.append(entry.read())
                room -= entry.length
        return b"".join(chunks)

    def first_at_or_after(self, timestamp_ms: int) -> tuple[int, int] | None:
        """(timestamp, offset) of the first record that is not older than ``timestamp_ms``."""
        for entry in self._index:
            if entry.max_timestamp >= timestamp_ms:
                for record in DefaultRecordBatch(entry.read()):
                    if record.timestamp >= timestamp_ms:
                        return record.timestamp, record.offset
        return None

    def watch(self, waiter: asyncio.Future[None]) -> None:
        """Resolve ``waiter`` at the next append."""
        self._waiting.add(waiter)

    def unwatch(self, waiter: asyncio.Future[None]) -> None:
        """Do not resolve ``waiter`` any more."""
        self._waiting.discard(waiter)

    def wake(self) -> None:
        """Resolve all waiters, so that they look again."""
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    def enforce_retention(self, now_s: float) -> None:
        """Delete the oldest segments that are over the size or past the time."""
        oldest_kept_s = now_s - self._retention.ms / 1000
        if self._segments and self._segments[-1].size and self._segments[-1].path.stat().st_mtime < oldest_kept_s:
            self._roll()
        while len(self._segments) > 1 and (
            sum(segment.size for segment in self._segments) > self._retention.bytes
            or self._segments[0].path.stat().st_mtime < oldest_kept_s
        ):
            self._drop_oldest()

    def close(self) -> None:
        """Let go of the files; the partition must not be used again."""
        self.wake()
        for segment in self._segments:
            os.close(segment.fd)

    def _append_one(self, header: BatchHeader, raw: bytes) -> int:
        if header.producer_id >= 0:
            stored_at = self._sequences.repeated(header)
            if stored_at is not None:
                return stored_at
        if not self._segments or 0 < self._segments[-1].size > self._segment_bytes - len(raw):
            self._roll()
            self.enforce_retention(time.time())
        offset = self.end_offset
        # The checksum covers what follows it; base offset and leader epoch before it are the broker's to fill in.
        stored = struct.pack(">qii", offset, header.length, 0) + raw[16:]
        segment = self._segments[-1]
        try:
            complete = os.pwrite(segment.fd, stored, segment.size) == len(stored)
        except OSError:
            complete = False
        if not complete:
            os.ftruncate(segment.fd, segment.size)
            raise BrokerError(ErrorCode.KAFKA_STORAGE_ERROR, "the disk took no more")
        self._take_in(header, segment, len(stored))
        return offset

    def _take_in(self, header: BatchHeader, segment: _Segment, length: int) -> None:
        """Note the batch just written at, or read from, the end of ``segment``."""
        if header.producer_id >= 0:
            self._sequences.remember(header, self.end_offset)
        self._base_offsets.append(self.end_offset)
        self._index.append(_Indexed(segment, segment.size, length, header.max_timestamp))
        self.end_offset += header.record_count
        segment.size += length
        segment.batches += 1

    def _load(self, path: Path) -> None:
        segment = _Segment(path, os.open(path, os.O_RDWR))
        self._segments.append(segment)
        self.end_offset = int(path.stem)
        data = path.read_bytes()
        for header, raw in split_batches(data):
            if header.base_offset != self.end_offset:
                break
            self._take_in(header, segment, len(raw))
        if segment.size < len(data):
            print(f"broker: {path}: cut off {len(data) - segment.size} bytes that a crash left unfinished", file=sys.stderr)
            os.ftruncate(segment.fd, segment.size)

    def _roll(self) -> None:
        path = self._folder / f"{self.end_offset:020d}.log"
        self._segments.append(_Segment(path, os.open(path, os.O_CREAT | os.O_RDWR, 0o644)))

    def _drop_oldest(self) -> None:
        segment = self._segments.popleft()
        del self._base_offsets[: segment.batches], self._index[: segment.batches]
        os.close(segment.fd)
        segment.path.unlink()


class Topic:
    """A named set of partitions with its settings."""

    def __init__(self, folder: Path, defaults: Retention) -> None:
        described = json.loads((folder / "topic.json").read_text())
        self.name = folder.name
        self.configs: dict[str, str] = described["configs"]
        retention = Retention(
            bytes=_limit(self.configs.get("retention.bytes"), defaults.bytes),
            ms=_limit(self.configs.get("retention.ms"), defaults.ms),
        )
        self.effective_configs = {
            "cleanup.policy": "delete",
            "retention.bytes": str(retention.bytes),
            "retention.ms": str(retention.ms),
            "max.message.bytes": str(MAX_BATCH_BYTES),
        }
        self.partitions = [Partition(folder / str(number), retention) for number in range(described["partitions"])]


class Topics:
    """Every topic of the broker. A topic comes and goes by one rename, so a kill never leaves half a topic."""

    def __init__(self, data_dir: Path, defaults: Retention) -> None:
        self._defaults = defaults
        self._live = data_dir / "topics"
        self._unfinished = data_dir / "unfinished"
        if self._unfinished.exists():
            shutil.rmtree(self._unfinished)
        for folder in (self._live, self._unfinished):
            folder.mkdir(parents=True, exist_ok=True)
        self.by_name = {folder.name: Topic(folder, defaults) for folder in sorted(self._live.iterdir())}

    def create(self, name: str, partitions: int, configs: dict[str, str], *, validate_only: bool) -> None:
        """Add a topic. Raises BrokerError when the name is taken or anything asked for is not possible here."""
        if not _LEGAL_NAME.fullmatch(name) or name in (".", ".."):
            raise BrokerError(ErrorCode.INVALID_TOPIC, "1 to 249 letters, digits, dots, hyphens, underscores")
        if name in self.by_name:
            raise BrokerError(ErrorCode.TOPIC_ALREADY_EXISTS, f"topic {name} exists")
        if partitions < 1:
            raise BrokerError(ErrorCode.INVALID_PARTITIONS, "at least 1 partition")
        for key, value in configs.items():
            if not _POSSIBLE_CONFIG.fullmatch(f"{key}={value}"):
                raise BrokerError(ErrorCode.INVALID_CONFIG, f"{key}={value} is not supported by this broker")
        if validate_only:
            return
        draft = self._unfinished / name
        draft.mkdir()
        (draft / "topic.json").write_text(json.dumps({"partitions": partitions, "configs": configs}))
        self.by_name[name] = Topic(draft.rename(self._live / name), self._defaults)

    def delete(self, name: str) -> None:
        """Remove a topic with everything in it. Raises BrokerError when there is none."""
        topic = self.by_name.pop(name, None)
        if topic is None:
            raise BrokerError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        gone = (self._live / name).rename(self._unfinished / name)
        for partition in topic.partitions:
            partition.close()
        shutil.rmtree(gone)

    def partition(self, topic: str, number: int) -> Partition:
        """Raises BrokerError when there is no such topic or partition."""
        found = self.by_name.get(topic)
        if found is None or not 0 <= number < len(found.partitions):
            raise BrokerError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        return found.partitions[number]

    def enforce_retention(self, now_s: float) -> None:
        """`Partition.enforce_retention` everywhere."""
        for topic in self.by_name.values():
            for partition in topic.partitions:
                partition.enforce_retention(now_s)


def _limit(configured: str | None, default: int) -> int:
    """Kafka writes "no limit" as -1."""
    if configured is None:
        return default
    return int(configured) if configured != "-1" else sys.maxsize
