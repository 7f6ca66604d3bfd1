"""aiokafka: producing, consuming and administration. It speaks old versions of most requests."""

import asyncio
import contextlib
import functools
import time

import aiokafka.errors
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import (
    AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete,
)
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from broker import Broker
from registry import add
from waiting import CLOCK_MILLISECONDS, PATIENCE_SECONDS, equal


def test(body):
    """Registers a coroutine as a test."""

    @functools.wraps(body)
    def run(broker: Broker) -> None:
        asyncio.run(body(broker))

    add(f"with_aiokafka.{body.__name__}", run, 60)
    return run


@contextlib.asynccontextmanager
async def producing(broker: Broker, **config: object):
    client = AIOKafkaProducer(bootstrap_servers=broker.address, **config)
    await client.start()
    try:
        yield client
    finally:
        await client.stop()


@contextlib.asynccontextmanager
async def consuming(broker: Broker, *partitions: TopicPartition, **config: object):
    settings = {"enable_auto_commit": False, "auto_offset_reset": "earliest", **config}
    client = AIOKafkaConsumer(bootstrap_servers=broker.address, **settings)
    if partitions:
        client.assign(partitions)
    await client.start()
    try:
        yield client
    finally:
        await client.stop()


@contextlib.asynccontextmanager
async def administering(broker: Broker):
    client = AIOKafkaAdminClient(bootstrap_servers=broker.address)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def create(broker: Broker, topic: str, partitions: int = 1, **config: str) -> None:
    settings = {name.replace("_", "."): value for name, value in config.items()}
    async with administering(broker) as admin:
        answer = await admin.create_topics(
            [NewTopic(topic, partitions, 1, topic_configs=settings)]
        )
        equal([error[1] for error in answer.topic_errors], [0], repr(answer))


async def send(client: AIOKafkaProducer, topic: str, *values, **record: object) -> list:
    futures = [await client.send(topic, value, **record) for value in values]
    return await asyncio.wait_for(asyncio.gather(*futures), PATIENCE_SECONDS)


async def read(client: AIOKafkaConsumer, count: int) -> list:
    """The next `count` records."""
    found: list = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count} records"
        for records in (await client.getmany(timeout_ms=100)).values():
            found += records
    equal(len(found), count)
    return found


@contextlib.contextmanager
def refused(error: type[Exception]):
    """Expects that what is inside is refused with this error."""
    try:
        yield
    except error:
        return
    raise AssertionError(f"not refused, where {error.__name__} was expected")


@test
async def acknowledgements(broker: Broker) -> None:
    topic = "aiokafka-acks"
    await create(broker, topic)
    for acks in (0, 1, "all"):
        async with producing(broker, acks=acks) as client:
            await send(client, topic, *[b"x"] * 100)
    async with consuming(broker, TopicPartition(topic, 0)) as reader:
        await read(reader, 300)


@test
async def nulls_and_headers(broker: Broker) -> None:
    topic = "aiokafka-nulls"
    await create(broker, topic, retention_ms="-1")
    headers = [("one", b"1"), ("empty", b""), ("one", b"again")]
    async with producing(broker) as client:
        await send(client, topic, b"v", key=b"k", headers=headers, timestamp_ms=1_234_567)
        await send(client, topic, None, key=b"tombstone")
        await send(client, topic, b"no key")
        await send(client, topic, b"", key=b"")
    async with consuming(broker, TopicPartition(topic, 0)) as reader:
        records = await read(reader, 4)
    equal([(r.key, r.value, list(r.headers)) for r in records], [
        (b"k", b"v", headers), (b"tombstone", None, []), (None, b"no key", []), (b"", b"", []),
    ])
    equal((records[0].timestamp, records[0].timestamp_type), (1_234_567, 0))


@test
async def large_messages(broker: Broker) -> None:
    topic = "aiokafka-large"
    await create(broker, topic, max_message_bytes="20000000")
    large = bytes(range(256)) * 40_000
    async with producing(broker, max_request_size=20_000_000) as client:
        for value in (b"before", large, b"after"):
            await send(client, topic, value)
        await create(broker, topic + "-default")
        with refused(aiokafka.errors.MessageSizeTooLargeError):
            await send(client, topic + "-default", large)
    settings = {"fetch_max_bytes": 1024, "max_partition_fetch_bytes": 1024}
    async with consuming(broker, TopicPartition(topic, 0), **settings) as reader:
        equal([r.value for r in await read(reader, 3)], [b"before", large, b"after"])


@test
async def idempotent_producer(broker: Broker) -> None:
    topic = "aiokafka-idempotent"
    await create(broker, topic, 3)
    sent = [b"%d" % number for number in range(2000)]
    async with producing(broker, enable_idempotence=True, max_batch_size=200) as client:
        await send(client, topic, *sent)
    partitions = [TopicPartition(topic, p) for p in range(3)]
    async with consuming(broker, *partitions) as reader:
        equal(sorted(r.value for r in await read(reader, 2000)), sorted(sent))


@test
async def auto_created_topics(broker: Broker) -> None:
    """A topic that was not there is usable at once."""
    for number in range(5):
        async with producing(broker) as client:
            (first,) = await send(client, f"aiokafka-auto-{number}", b"first")
            equal(first.offset, 0)


@test
async def invalid_topic_names(broker: Broker) -> None:
    async with administering(broker) as admin:
        for name in ("with space", "sl/ash", "..", "x" * 250):
            answer = await admin.create_topics([NewTopic(name, 1, 1)])
            equal(answer.topic_errors[0][1], aiokafka.errors.InvalidTopicError.errno, name)


@test
async def long_polls(broker: Broker) -> None:
    """A consumer that waits hears of a record when it comes, and asks seldom while none does."""
    topic = "aiokafka-long-polls"
    with Broker(broker.moldau).start() as own:
        await create(own, topic)
        settings = {"fetch_max_wait_ms": 20_000, "request_timeout_ms": 60_000}
        async with consuming(own, TopicPartition(topic, 0), **settings) as reader:
            async with producing(own) as client:
                before = own.request_count("Fetch")
                for number in range(30):
                    await send(client, topic, b"%d" % number)
                    record = await asyncio.wait_for(reader.getone(), 15)
                    equal(record.value, b"%d" % number)
                count = own.request_count("Fetch") - before
                assert count <= 60, f"{count} fetches for 30 records"
                before = own.request_count("Fetch")
                equal(await reader.getmany(timeout_ms=3000), {})
                count = own.request_count("Fetch") - before
                assert count <= 2, f"{count} fetches while nothing came"
                # Frees the fetch that waits, so that the consumer can stop.
                await send(client, topic, b"the end")
                await asyncio.wait_for(reader.getone(), 15)
                await send(client, topic, b"the very end")


@test
async def times(broker: Broker) -> None:
    topic = "aiokafka-times"
    partition = TopicPartition(topic, 0)
    await create(broker, topic, retention_ms="-1")
    async with producing(broker) as client:
        for stamp in (1000, 2000, 3000, 2500, 4000):
            await send(client, topic, b"at %d" % stamp, timestamp_ms=stamp)
    async with consuming(broker, partition) as reader:
        expected = {0: 0, 1000: 0, 1001: 1, 2000: 1, 2600: 2, 3001: 4, 4000: 4}
        for stamp, offset in expected.items():
            found = await reader.offsets_for_times({partition: stamp})
            equal(found[partition].offset, offset, f"at {stamp}")
        assert (await reader.offsets_for_times({partition: 4001}))[partition] is None
        equal(await reader.beginning_offsets([partition]), {partition: 0})
        equal(await reader.end_offsets([partition]), {partition: 5})


@test
async def log_append_time(broker: Broker) -> None:
    topic = "aiokafka-append-time"
    await create(broker, topic, message_timestamp_type="LogAppendTime")
    begun = int(time.time() * 1000)
    async with producing(broker) as client:
        (sent,) = await send(client, topic, b"x", timestamp_ms=1000)
    equal(sent.timestamp_type, 1)
    async with consuming(broker, TopicPartition(topic, 0)) as reader:
        (record,) = await read(reader, 1)
    equal(record.timestamp_type, 1)
    equal(record.timestamp, sent.timestamp)
    assert begun - CLOCK_MILLISECONDS <= record.timestamp <= time.time() * 1000 + 1, record.timestamp


@test
async def isolation(broker: Broker) -> None:
    topic = "aiokafka-isolation"
    await create(broker, topic, 2)
    async with producing(broker, enable_idempotence=True) as client:
        await send(client, topic, *[b"x"] * 200)
    partitions = [TopicPartition(topic, p) for p in range(2)]
    for level in ("read_uncommitted", "read_committed"):
        async with consuming(broker, *partitions, isolation_level=level) as reader:
            await read(reader, 200)


@test
async def commits(broker: Broker) -> None:
    topic = group = "aiokafka-commits"
    partition = TopicPartition(topic, 0)
    await create(broker, topic)
    async with producing(broker) as client:
        await send(client, topic, *[b"%d" % number for number in range(20)])
    async with consuming(broker, partition, group_id=group) as reader:
        assert await reader.committed(partition) is None
        await read(reader, 20)
        await reader.commit({partition: (12, "a note")})
    async with consuming(broker, partition, group_id=group) as reader:
        equal([int(r.value) for r in await read(reader, 8)], list(range(12, 20)))
        reader.seek(partition, 18)
        equal([int(r.value) for r in await read(reader, 2)], [18, 19])
        equal(await reader.position(partition), 20)
    async with administering(broker) as admin:
        offsets = await admin.list_consumer_group_offsets(group)
        equal(offsets[partition], (12, "a note"))
        offsets = await admin.list_consumer_group_offsets(group + "-not-there", None, [partition])
        equal(offsets[partition].offset, -1)


# Administration


@test
async def administers_topics(broker: Broker) -> None:
    topic = "aiokafka-admin"
    await create(broker, topic, 2)
    async with administering(broker) as admin:
        again = await admin.create_topics([NewTopic(topic, 2, 1)])
        equal(again.topic_errors[0][1], aiokafka.errors.TopicAlreadyExistsError.errno)
        assert topic in await admin.list_topics()
        (described,) = await admin.describe_topics([topic])
        equal(len(described["partitions"]), 2)
        await admin.create_partitions({topic: NewPartitions(4)})
        (described,) = await admin.describe_topics([topic])
        equal(len(described["partitions"]), 4)
        with refused(aiokafka.errors.InvalidPartitionsError):
            await admin.create_partitions({topic: NewPartitions(3)})
        answer = await admin.delete_topics([topic])
        equal([code for _, code in answer.topic_error_codes], [0])
        assert topic not in await admin.list_topics()


@test
async def administers_configurations(broker: Broker) -> None:
    topic = "aiokafka-configs"
    await create(broker, topic, retention_ms="1000000")
    asked = ConfigResource(ConfigResourceType.TOPIC, topic)
    async with administering(broker) as admin:

        async def described() -> dict[str, str]:
            (answer,) = await admin.describe_configs([asked])
            ((code, _, _, name, entries),) = answer.resources
            equal((code, name), (0, topic))
            return {entry[0]: entry[1] for entry in entries}

        equal((await described())["retention.ms"], "1000000")
        wanted = ConfigResource(
            ConfigResourceType.TOPIC, topic, configs={"segment.bytes": "1048576"})
        (answer,) = await admin.alter_configs([wanted])
        equal(answer.resources[0][0], 0, repr(answer))
        after = await described()
        equal(after["segment.bytes"], "1048576")
        assert after["retention.ms"] != "1000000", "the older call replaces all"


@test
async def deletes_records(broker: Broker) -> None:
    topic = "aiokafka-delete-records"
    partition = TopicPartition(topic, 0)
    await create(broker, topic)
    async with producing(broker) as client:
        await send(client, topic, *[b"x"] * 20)
    async with administering(broker) as admin:
        equal(await admin.delete_records({partition: RecordsToDelete(15)}), {partition: 15})
        with refused(aiokafka.errors.OffsetOutOfRangeError):
            await admin.delete_records({partition: RecordsToDelete(100)})
    async with consuming(broker, partition) as reader:
        equal([r.offset for r in await read(reader, 5)], list(range(15, 20)))


@test
async def administers_groups(broker: Broker) -> None:
    topic = group = "aiokafka-groups"
    await create(broker, topic, 2)
    async with producing(broker) as client:
        await send(client, topic, *[b"x"] * 20)
    async with consuming(broker, group_id=group) as reader, administering(broker) as admin:
        reader.subscribe([topic])
        await read(reader, 20)
        await reader.commit()
        assert (group, "consumer") in await admin.list_consumer_groups()
        (answer,) = await admin.describe_consumer_groups([group])
        (described,) = answer.groups
        equal(described[:4], (0, group, "Stable", "consumer"))
        offsets = await admin.list_consumer_group_offsets(group)
        equal(sum(offset.offset for offset in offsets.values()), 20)


@test
async def describes_cluster(broker: Broker) -> None:
    async with administering(broker) as admin:
        cluster = await admin.describe_cluster()
        (node,) = cluster["brokers"]
        equal(f"{node['host']}:{node['port']}", broker.address)
        equal(cluster["controller_id"], node["node_id"])
