"""The broker's files: segments, retention, what a crash leaves behind, committed offsets."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from devstack.broker.errors import BrokerError, ErrorCode
from devstack.broker.log import Partition, Retention, Topics, split_batches
from devstack.broker.offsets import Committed, OffsetStore


def batch(*values: bytes, producer_id: int = -1, sequence: int = -1, transactional: bool = False) -> bytes:
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=int(transactional),
        producer_id=producer_id,
        producer_epoch=0 if producer_id >= 0 else -1,
        base_sequence=sequence,
        batch_size=1 << 20,
    )
    for number, value in enumerate(values):
        builder.append(number, 1000 + number, None, value, [])
    return bytes(builder.build())


def offsets_in(data: bytes) -> list[int]:
    return [header.base_offset for header, _ in split_batches(data)]


def open_partition(folder: Path, *, kept_bytes: int = 1 << 30, kept_ms: int = 10**9) -> Partition:
    """With segments so small that each takes two of the batches below."""
    return Partition(folder, Retention(kept_bytes, kept_ms), segment_bytes=250)


def test_batches_are_found_again_by_offset_over_segments_and_restarts(tmp_path: Path) -> None:
    partition = open_partition(tmp_path)
    firsts = [partition.append(batch(b"a%d" % number, b"b" * 20)) for number in range(6)]
    assert firsts == [0, 2, 4, 6, 8, 10]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{first:020d}.log" for first in (0, 4, 8)]
    partition.close()

    partition = open_partition(tmp_path)
    assert (partition.start_offset, partition.end_offset) == (0, 12)
    assert offsets_in(partition.read(5, 1)) == [4]
    assert offsets_in(partition.read(5, 1 << 20)) == [4, 6, 8, 10]
    assert partition.read(12, 1 << 20) == b""
    with pytest.raises(BrokerError, match="OFFSET_OUT_OF_RANGE"):
        partition.read(13, 1)
    assert partition.append(batch(b"next")) == 12


def test_two_batches_in_one_request_get_offsets_in_a_row_or_neither(tmp_path: Path) -> None:
    partition = open_partition(tmp_path)
    assert partition.append(batch(b"a", b"b") + batch(b"c")) == 0
    assert partition.end_offset == 3
    damaged = batch(b"e")[:-1] + b"?"
    with pytest.raises(BrokerError, match="CORRUPT_MESSAGE"):
        partition.append(batch(b"d") + damaged)
    assert partition.end_offset == 3


def test_transactional_batches_are_refused(tmp_path: Path) -> None:
    partition = open_partition(tmp_path)
    with pytest.raises(BrokerError) as refused:
        partition.append(batch(b"a", producer_id=1, sequence=0, transactional=True))
    assert refused.value.code is ErrorCode.INVALID_REQUEST
    assert partition.end_offset == 0


def test_retention_by_size_drops_whole_old_segments(tmp_path: Path) -> None:
    partition = open_partition(tmp_path, kept_bytes=500)
    for number in range(20):
        partition.append(batch(b"x" * 40, b"%d" % number))
    kept = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert (partition.start_offset, partition.end_offset) == (28, 40)
    assert kept <= 500 + 250
    with pytest.raises(BrokerError, match="OFFSET_OUT_OF_RANGE"):
        partition.read(27, 1)
    partition.close()
    assert open_partition(tmp_path).start_offset == 28


def test_retention_by_time_empties_a_silent_partition_and_keeps_its_next_offset(tmp_path: Path) -> None:
    partition = open_partition(tmp_path, kept_ms=60_000)
    for _ in range(3):
        partition.append(batch(b"x" * 40, b"y"))
    partition.enforce_retention(time.time())
    assert (partition.start_offset, partition.end_offset) == (0, 6)
    partition.enforce_retention(time.time() + 61)
    assert (partition.start_offset, partition.end_offset) == (6, 6)
    partition.close()
    reopened = open_partition(tmp_path)
    assert (reopened.start_offset, reopened.end_offset) == (6, 6)
    assert reopened.append(batch(b"z")) == 6


def test_a_full_disk_refuses_the_batch_and_keeps_the_log_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partition = open_partition(tmp_path)
    partition.append(batch(b"a"))
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, position: real(fd, data[:20], position))
    with pytest.raises(BrokerError, match="the disk took no more"):
        partition.append(batch(b"b"))
    monkeypatch.undo()
    assert partition.append(batch(b"c")) == 1
    partition.close()
    assert offsets_in(open_partition(tmp_path).read(0, 1 << 20)) == [0, 1]


def test_only_the_last_batches_of_a_producer_are_recognised(tmp_path: Path) -> None:
    partition = open_partition(tmp_path)
    for sequence in range(7):
        assert partition.append(batch(b"v", producer_id=9, sequence=sequence)) == sequence
    assert partition.append(batch(b"v", producer_id=9, sequence=2)) == 2
    with pytest.raises(BrokerError, match="OUT_OF_ORDER_SEQUENCE_NUMBER"):
        partition.append(batch(b"v", producer_id=9, sequence=1))
    assert partition.end_offset == 7


def test_a_topic_half_made_or_half_deleted_is_not_there_after_a_restart(tmp_path: Path) -> None:
    topics = Topics(tmp_path, Retention())
    topics.create("whole", 2, {}, validate_only=False)
    (tmp_path / "unfinished" / "half").mkdir()
    topics.create("only-asked", 1, {}, validate_only=True)

    assert list(Topics(tmp_path, Retention()).by_name) == ["whole"]
    assert list((tmp_path / "unfinished").iterdir()) == []


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "x" * 250, "居民"])
def test_impossible_topic_names_are_refused(tmp_path: Path, name: str) -> None:
    topics = Topics(tmp_path, Retention())
    with pytest.raises(BrokerError) as refused:
        topics.create(name, 1, {}, validate_only=False)
    assert refused.value.code is ErrorCode.INVALID_TOPIC
    assert topics.by_name == {}


def test_no_limit_is_written_minus_one(tmp_path: Path) -> None:
    topics = Topics(tmp_path, Retention())
    topics.create("forever", 1, {"retention.ms": "-1", "cleanup.policy": "delete"}, validate_only=False)
    topics.partition("forever", 0).append(batch(b"x"))
    topics.enforce_retention(time.time() + 10**10)
    assert topics.partition("forever", 0).start_offset == 0
    with pytest.raises(BrokerError) as refused:
        topics.create("compacted", 1, {"cleanup.policy": "compact"}, validate_only=False)
    assert refused.value.code is ErrorCode.INVALID_CONFIG


def test_committed_offsets_survive_a_torn_last_line_and_are_compacted(tmp_path: Path) -> None:
    store = OffsetStore(tmp_path)
    for offset in range(30_000):
        store.commit("g", {("t", 0): Committed(offset, "")})
    store.commit("g", {("t", 1): Committed(7, "note"), ("gone", 0): Committed(1, "")})
    file = tmp_path / "offsets.jsonl"
    assert len(file.read_text().splitlines()) < 15_000
    store.forget_topic("gone")
    assert len(file.read_text().splitlines()) == 2

    file.write_text(file.read_text() + '["g","t",0,99')
    again = OffsetStore(tmp_path)
    assert again.of("g") == {("t", 0): Committed(29_999, ""), ("t", 1): Committed(7, "note")}
    assert again.groups() == ["g"]
    again.commit("g", {("t", 0): Committed(30_000, "")})
    assert OffsetStore(tmp_path).of("g")["t", 0] == Committed(30_000, "")
