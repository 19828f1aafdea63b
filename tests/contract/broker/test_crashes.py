"""The broker is killed, or spoken to in tongues: what was acknowledged stays."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from devstack.broker_process import BrokerProcess, EmbeddedBroker
from devstack.topics import create_topics

from .conftest import NewTopic, read_all
from .test_producers import NONE, RawProducer, batch


async def test_killing_the_broker_under_load_loses_and_doubles_nothing(mortal: BrokerProcess) -> None:
    """Idempotent writers and a group of readers work on through two kill -9 of the broker."""
    partitions, keys = 3, 10
    await create_topics(mortal.bootstrap, ["load"], partitions)
    acknowledged: dict[bytes, tuple[int, int]] = {}
    delivered: Counter[bytes] = Counter()
    writing, reading = True, True

    async def write(writer: int) -> None:
        number = 0
        producer = AIOKafkaProducer(
            bootstrap_servers=mortal.bootstrap, enable_idempotence=True, linger_ms=3, retry_backoff_ms=50
        )
        async with producer:
            while writing:
                values = [b"%d-%06d" % (writer, number + step) for step in range(50)]
                number += len(values)
                keyed = [b"%d-%d" % (writer, step % keys) for step in range(50)]
                pending = [await producer.send("load", value, key=key) for value, key in zip(values, keyed, strict=True)]
                for value, sent in zip(values, await asyncio.gather(*pending), strict=True):
                    acknowledged[value] = (sent.partition, sent.offset)

    async def read() -> None:
        consumer = AIOKafkaConsumer(
            "load",
            bootstrap_servers=mortal.bootstrap,
            group_id="readers",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            session_timeout_ms=3000,
            heartbeat_interval_ms=300,
            retry_backoff_ms=50,
        )
        async with consumer:
            while reading:
                try:
                    for messages in (await consumer.getmany(timeout_ms=100)).values():
                        delivered.update(message.value for message in messages if message.value is not None)
                    await consumer.commit()
                except KafkaError:
                    await asyncio.sleep(0.1)  # redelivered later

    async def wait_until(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(90):
            while not condition():  # noqa: ASYNC110 - two tasks' progress, not one event
                await asyncio.sleep(0.02)

    async def wait_for(count: int) -> None:
        target = len(acknowledged) + count
        await wait_until(lambda: len(acknowledged) >= target)

    writers = [asyncio.create_task(write(number)) for number in range(2)]
    readers = [asyncio.create_task(read()) for _ in range(2)]
    for _ in range(2):
        await wait_for(2000)
        mortal.kill()
        await asyncio.sleep(0.3)
        mortal.start()
    await wait_for(1000)
    writing = False
    await asyncio.gather(*writers)

    in_log = await read_all(mortal.bootstrap, "load", partitions)
    logged = [value for part in sorted(in_log) for value in in_log[part]]
    assert Counter(logged) == Counter(acknowledged.keys())
    assert all(in_log[partition][offset] == value for value, (partition, offset) in acknowledged.items())
    for part in in_log.values():
        for writer in (b"0-", b"1-"):
            mine = [value for value in part if value.startswith(writer)]
            assert mine == sorted(mine)

    await wait_until(lambda: acknowledged.keys() <= delivered.keys())
    reading = False
    await asyncio.gather(*readers)
    assert delivered.keys() == acknowledged.keys()


async def test_groups_go_on_where_they_were_after_a_restart(mortal: BrokerProcess) -> None:
    await create_topics(mortal.bootstrap, ["kept"], 1)
    place = TopicPartition("kept", 0)

    async def member() -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            "kept", bootstrap_servers=mortal.bootstrap, group_id="g", auto_offset_reset="earliest", enable_auto_commit=False
        )
        await consumer.start()
        return consumer

    async with AIOKafkaProducer(bootstrap_servers=mortal.bootstrap) as producer:
        for number in range(10):
            await producer.send_and_wait("kept", b"%d" % number)
    consumer = await member()
    assert [(await consumer.getone()).value for _ in range(6)] == [b"%d" % number for number in range(6)]
    await consumer.commit({place: 6})
    await consumer.stop()

    mortal.kill()
    mortal.start()

    consumer = await member()
    assert await consumer.committed(place) == 6
    assert [(await consumer.getone()).value for _ in range(4)] == [b"%d" % number for number in range(6, 10)]
    await consumer.stop()


async def test_a_producer_is_recognised_after_a_restart(mortal: BrokerProcess) -> None:
    await create_topics(mortal.bootstrap, ["once"], 1)
    async with RawProducer(mortal.bootstrap, "once") as raw:
        me = await raw.new_id()
        assert await raw.send(batch(me, 0, [b"a"])) == (NONE, 0)
        assert await raw.send(batch(me, 1, [b"b"])) == (NONE, 1)
    mortal.kill()
    mortal.start()
    async with RawProducer(mortal.bootstrap, "once") as raw:
        assert await raw.send(batch(me, 1, [b"b"])) == (NONE, 1)
        assert await raw.send(batch(me, 2, [b"c"])) == (NONE, 2)
        assert await raw.new_id() != me
    assert await read_all(mortal.bootstrap, "once") == {0: [b"a", b"b", b"c"]}


async def test_garbage_and_idle_connections_harm_nobody(
    bootstrap: str, producer: AIOKafkaProducer, new_topic: NewTopic
) -> None:
    topic = await new_topic()
    host, port = bootstrap.split(":")
    chance = random.Random(7)
    api_versions = b"\x00\x12\x00\x00\x00\x00\x00\x01\x00\x01x"
    frames = [chance.randbytes(chance.randrange(1, 200)) for _ in range(60)]
    frames += [b"", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"]
    frames += [len(body).to_bytes(4, "big") + body for body in (chance.randbytes(chance.randrange(8, 80)) for _ in range(60))]
    frames += [(len(api_versions) + 50).to_bytes(4, "big") + api_versions]  # announces more than it sends
    idle = [await asyncio.open_connection(host, int(port)) for _ in range(50)]
    for garbage in frames:
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(garbage)
        writer.close()
    assert (await producer.send_and_wait(topic, b"still here", partition=0)).offset == 0
    for _, writer in idle:
        writer.close()
    assert await read_all(bootstrap, topic) == {0: [b"still here"]}


async def test_what_a_kill_left_half_written_is_cut_off(own_broker: EmbeddedBroker, stack_folder: Path) -> None:
    """Ours alone: the files are its own."""
    await create_topics(own_broker.bootstrap, ["torn"], 1)
    async with AIOKafkaProducer(bootstrap_servers=own_broker.bootstrap) as producer:
        for number in range(5):
            await producer.send_and_wait("torn", b"%d" % number, partition=0)
    own_broker.kill()
    [segment] = own_broker.data_dir.glob("log/topics/torn/0/*.log")
    whole = segment.read_bytes()
    torn = [whole + whole[: len(whole) // 9], whole + b"\x00" * 300, whole[:-1]]
    expected = [5, 5, 4]
    for content, count in zip(torn, expected, strict=True):
        segment.write_bytes(content)
        own_broker.start()
        values = await read_all(own_broker.bootstrap, "torn")
        assert values == {0: [b"%d" % number for number in range(count)]}
        async with AIOKafkaProducer(bootstrap_servers=own_broker.bootstrap) as producer:
            assert (await producer.send_and_wait("torn", b"next", partition=0)).offset == count
        own_broker.kill()
