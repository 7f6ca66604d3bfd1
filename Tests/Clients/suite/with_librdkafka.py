"""librdkafka (confluent-kafka): producing, consuming and administration."""

import time

import confluent_kafka as rdkafka
from confluent_kafka import (
    Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer, TopicPartition,
)
from confluent_kafka.admin import (
    AlterConfigOpType, ConfigEntry, ConfigResource, ConfigSource, NewPartitions, NewTopic,
    OffsetSpec, ResourceType,
)

import topics
from broker import Broker
from registry import test
from waiting import CLOCK_MILLISECONDS, PATIENCE_SECONDS, equal, until


def producer(broker: Broker, **config: object) -> Producer:
    settings = {name.replace("_", "."): value for name, value in config.items()}
    return Producer({"bootstrap.servers": broker.address, **settings})


def consumer(broker: Broker, group: str, **config: object) -> Consumer:
    settings = {name.replace("_", "."): value for name, value in config.items()}
    return Consumer(
        {
            "bootstrap.servers": broker.address, "group.id": group, "enable.auto.commit": False,
            "auto.offset.reset": "earliest", **settings,
        }
    )


def send(client: Producer, topic: str, *values: bytes | None, **record: object) -> list:
    """Produces and waits; returns the messages as they were delivered."""
    delivered = []
    for value in values:
        client.produce(
            topic, value, on_delivery=lambda error, m: delivered.append((error, m)), **record
        )
    equal(client.flush(PATIENCE_SECONDS), 0, "records that were not delivered")
    for error, _ in delivered:
        if error:
            raise KafkaException(error)
    return [message for _, message in delivered]


def refused(code: int, action) -> None:
    """Expects that a call is refused with this error code."""
    try:
        action()
    except KafkaException as error:
        equal(error.args[0].code(), code, str(error))
    else:
        raise AssertionError(f"not refused, where error {code} was expected")


def values(found: dict[int, list]) -> list:
    return [message.value() for messages in found.values() for message in messages]


@test()
def acknowledgements(broker: Broker) -> None:
    topics.create(broker, "rdkafka-acks")
    for acks in ("0", "1", "all"):
        send(producer(broker, acks=acks), "rdkafka-acks", *[acks.encode()] * 100)
    # With acks=0 nobody says when the last one has come.
    until("all came", lambda: len(topics.read_all(broker, "rdkafka-acks", 1)[0]) == 300)


@test()
def nulls_and_headers(broker: Broker) -> None:
    topic = "rdkafka-nulls"
    topics.create(broker, topic, retention_ms="-1")
    client = producer(broker)
    headers = [("one", b"1"), ("none", None), ("empty", b""), ("one", b"again")]
    send(client, topic, b"v", key=b"k", headers=headers, timestamp=1_234_567)
    send(client, topic, None, key=b"tombstone")
    send(client, topic, b"no key")
    send(client, topic, b"", key=b"")
    got = [(m.key(), m.value(), m.headers()) for m in topics.read_all(broker, topic, 1)[0]]
    equal(got, [
        (b"k", b"v", headers), (b"tombstone", None, None), (None, b"no key", None), (b"", b"", None),
    ])
    first = topics.read_all(broker, topic, 1)[0][0]
    equal(first.timestamp(), (rdkafka.TIMESTAMP_CREATE_TIME, 1_234_567))


@test()
def large_messages(broker: Broker) -> None:
    topic = "rdkafka-large"
    topics.create(broker, topic, max_message_bytes="20000000")
    large = bytes(range(256)) * 40_000
    client = producer(broker, message_max_bytes=20_000_000)
    send(client, topic, b"before", large, b"after")
    # Also for a consumer that asks for less: the first batch comes whole.
    found = topics.read_all(broker, topic, 1, fetch_message_max_bytes=1024, fetch_max_bytes=16_777_216)
    equal([len(value) for value in values(found)], [6, len(large), 5])
    assert values(found)[1] == large

    topics.create(broker, topic + "-default")
    refused(KafkaError.MSG_SIZE_TOO_LARGE, lambda: send(client, topic + "-default", large))
    send(client, topic + "-default", b"small")
    equal(values(topics.read_all(broker, topic + "-default", 1)), [b"small"])


@test()
def idempotent_producer(broker: Broker) -> None:
    topic = "rdkafka-idempotent"
    topics.create(broker, topic, 3)
    client = producer(broker, enable_idempotence=True, linger_ms=0, batch_num_messages=7)
    sent = [b"%d" % number for number in range(3000)]
    send(client, topic, *sent)
    equal(sorted(values(topics.read_all(broker, topic, 3))), sorted(sent))


@test()
def auto_created_topics(broker: Broker) -> None:
    """A topic that was not there is usable at once, for each of many producers."""
    for number in range(20):
        topic = f"rdkafka-auto-{number}"
        started = send(producer(broker, retries=0, acks="all"), topic, b"first")
        equal(started[0].offset(), 0)


@test()
def invalid_topic_names(broker: Broker) -> None:
    client = producer(broker)
    for name in ("with space", "sl/ash", "..", "x" * 250):
        refused(KafkaError.TOPIC_EXCEPTION, lambda: send(client, name, b"x"))
        refused(KafkaError.TOPIC_EXCEPTION, lambda: topics.create(broker, name))
    send(client, "x" * 249, b"the longest")
    equal(values(topics.read_all(broker, "x" * 249, 1)), [b"the longest"])


@test()
def long_polls(broker: Broker) -> None:
    """A consumer that waits hears of a record when it comes, and asks seldom while none does."""
    topic = "rdkafka-long-polls"
    topics.create(broker, topic)
    with Broker(broker.moldau).start() as own:
        topics.create(own, topic)
        # Would it hear only when its wait is over, the test would not end in time.
        reader = consumer(
            own, topic, fetch_wait_max_ms=20_000, socket_timeout_ms=60_000, session_timeout_ms=60_000
        )
        reader.assign([TopicPartition(topic, 0, 0)])
        writer = producer(own, linger_ms=0)
        before = own.request_count("Fetch")
        for number in range(30):
            send(writer, topic, b"%d" % number)
            message = until("the record", lambda: reader.poll(1), seconds=15, pause=0)
            equal(message.value(), b"%d" % number)
        count = own.request_count("Fetch") - before
        assert count <= 40, f"{count} fetches for 30 records"

        before, used = own.request_count("Fetch"), own.processor_seconds()
        assert reader.poll(3) is None
        count, used = own.request_count("Fetch") - before, own.processor_seconds() - used
        assert count <= 2, f"{count} fetches while nothing came"
        assert used < 1.0, f"{used} s of processor time while nothing came"
        reader.close()


@test()
def times(broker: Broker) -> None:
    topic = "rdkafka-times"
    topics.create(broker, topic, retention_ms="-1")
    client = producer(broker)
    for stamp in (1000, 2000, 3000, 2500, 4000):
        send(client, topic, b"at %d" % stamp, timestamp=stamp)
    reader = consumer(broker, topic)
    expected = {0: 0, 1000: 0, 1001: 1, 2000: 1, 2600: 2, 3001: 4, 4000: 4, 4001: -1}
    for stamp, offset in expected.items():
        (found,) = reader.offsets_for_times([TopicPartition(topic, 0, stamp)], timeout=30)
        # librdkafka says the end where there is none.
        equal(found.offset, offset, f"at {stamp}")
    equal(reader.get_watermark_offsets(TopicPartition(topic, 0), 30), (0, 5))
    reader.close()

    admin = topics.admin(broker)
    for spec, offset in (
        (OffsetSpec.earliest(), 0), (OffsetSpec.latest(), 5), (OffsetSpec.max_timestamp(), 4),
        (OffsetSpec.for_timestamp(2600), 2),
    ):
        asked = TopicPartition(topic, 0)
        result = admin.list_offsets({asked: spec})[asked].result(PATIENCE_SECONDS)
        equal(result.offset, offset, repr(spec))


@test()
def log_append_time(broker: Broker) -> None:
    topic = "rdkafka-append-time"
    topics.create(broker, topic, message_timestamp_type="LogAppendTime")
    begun = int(time.time() * 1000)
    for codec in ("none", "lz4"):
        (sent,) = send(producer(broker, compression_type=codec), topic, b"x" * 500, timestamp=1000)
        kind, stamp = sent.timestamp()
        equal(kind, rdkafka.TIMESTAMP_LOG_APPEND_TIME)
        assert begun - CLOCK_MILLISECONDS <= stamp <= time.time() * 1000 + 1, stamp
    for message in topics.read_all(broker, topic, 1)[0]:
        kind, stamp = message.timestamp()
        equal(kind, rdkafka.TIMESTAMP_LOG_APPEND_TIME)
        assert begun - CLOCK_MILLISECONDS <= stamp <= time.time() * 1000 + 1, stamp
    reader = consumer(broker, topic)
    (found,) = reader.offsets_for_times([TopicPartition(topic, 0, begun - CLOCK_MILLISECONDS)], timeout=30)
    equal(found.offset, 0)
    reader.close()


@test()
def isolation(broker: Broker) -> None:
    topic = "rdkafka-isolation"
    topics.create(broker, topic, 2)
    records = topics.produce(broker, topic, 2, 100, enable_idempotence=True)
    for level in ("read_uncommitted", "read_committed"):
        found = topics.read_all(broker, topic, 2, isolation_level=level)
        equal(sum(map(len, found.values())), len(records), level)


@test()
def patterns(broker: Broker) -> None:
    """A subscription to a pattern takes up topics that come later."""
    topics.create(broker, "rdkafka-pattern-1")
    reader = consumer(broker, "rdkafka-pattern", topic_metadata_refresh_interval_ms=500)
    reader.subscribe(["^rdkafka-pattern-[0-9]+$"])
    until("one topic", lambda: (reader.poll(0.1), len(reader.assignment()) == 1)[1])
    topics.create(broker, "rdkafka-pattern-2", 2)
    until("two topics", lambda: (reader.poll(0.1), len(reader.assignment()) == 3)[1])
    reader.close()


@test()
def resets(broker: Broker) -> None:
    """An offset that is not there: the consumer begins where it is told to."""
    topic = "rdkafka-resets"
    topics.create(broker, topic)
    topics.produce(broker, topic, 1, 10)
    reader = consumer(broker, topic, auto_offset_reset="earliest")
    reader.assign([TopicPartition(topic, 0, 1000)])
    equal(until("a record", lambda: reader.poll(0.1)).offset(), 0)
    reader.close()
    reader = consumer(broker, topic, auto_offset_reset="error")
    reader.assign([TopicPartition(topic, 0, 1000)])
    error = until("an error", lambda: reader.poll(0.1)).error()
    equal(error.code(), KafkaError._AUTO_OFFSET_RESET)
    reader.close()


# Administration


@test()
def administers_topics(broker: Broker) -> None:
    topic = "rdkafka-admin"
    admin = topics.admin(broker)
    topics.create(broker, topic, 2, retention_ms="3600000")
    refused(KafkaError.TOPIC_ALREADY_EXISTS, lambda: topics.create(broker, topic))
    refused(KafkaError.INVALID_CONFIG, lambda: topics.create(broker, topic + "-b", no_such_key="1"))
    refused(KafkaError.INVALID_CONFIG, lambda: topics.create(broker, topic + "-b", retention_ms="x"))
    refused(KafkaError.INVALID_PARTITIONS, lambda: topics.create(broker, topic + "-b", 0))
    checked = admin.create_topics([NewTopic(topic + "-b", 1, 1)], validate_only=True)
    checked[topic + "-b"].result(PATIENCE_SECONDS)
    assert topic + "-b" not in admin.list_topics(timeout=30).topics

    asked = rdkafka.TopicCollection([topic])
    described = admin.describe_topics(asked)[topic].result(PATIENCE_SECONDS)
    equal([p.id for p in described.partitions], [0, 1])
    assert all(p.leader and len(p.isr) == 1 and len(p.replicas) == 1 for p in described.partitions)
    assert not described.is_internal
    identity = str(described.topic_id)

    admin.create_partitions([NewPartitions(topic, 5)])[topic].result(PATIENCE_SECONDS)
    described = admin.describe_topics(asked)[topic].result(PATIENCE_SECONDS)
    equal(len(described.partitions), 5)
    equal(str(described.topic_id), identity)
    topics.produce(broker, topic, 5, 3)
    for count in (5, 2):
        refused(KafkaError.INVALID_PARTITIONS, lambda: admin.create_partitions(
            [NewPartitions(topic, count)])[topic].result(PATIENCE_SECONDS))

    admin.delete_topics([topic])[topic].result(PATIENCE_SECONDS)
    until("it is gone", lambda: topic not in admin.list_topics(timeout=30).topics)
    refused(KafkaError.UNKNOWN_TOPIC_OR_PART, lambda: admin.delete_topics(
        [topic])[topic].result(PATIENCE_SECONDS))
    topics.create(broker, topic, 1)
    described = admin.describe_topics(asked)[topic].result(PATIENCE_SECONDS)
    assert str(described.topic_id) != identity, "another topic has the same id"
    equal(topics.read_all(broker, topic, 1), {0: []})


@test()
def administers_configurations(broker: Broker) -> None:
    topic = "rdkafka-configs"
    admin = topics.admin(broker)
    topics.create(broker, topic, cleanup_policy="compact")

    def described() -> dict:
        asked = ConfigResource(ResourceType.TOPIC, topic)
        return admin.describe_configs([asked])[asked].result(PATIENCE_SECONDS)

    def alter(*entries: ConfigEntry) -> None:
        wanted = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=list(entries))
        admin.incremental_alter_configs([wanted])[wanted].result(PATIENCE_SECONDS)

    def entry(name: str, value: str | None, operation: AlterConfigOpType) -> ConfigEntry:
        return ConfigEntry(name, value, incremental_operation=operation)

    dynamic = ConfigSource.DYNAMIC_TOPIC_CONFIG.value
    equal(described()["cleanup.policy"].value, "compact")
    equal(described()["cleanup.policy"].source, dynamic)
    untouched = described()["retention.ms"].value

    alter(entry("retention.ms", "1234567", AlterConfigOpType.SET))
    equal(described()["retention.ms"].value, "1234567")
    equal(described()["retention.ms"].source, dynamic)
    equal(described()["cleanup.policy"].value, "compact")
    alter(entry("cleanup.policy", "delete", AlterConfigOpType.APPEND))
    equal(set(described()["cleanup.policy"].value.split(",")), {"compact", "delete"})
    alter(entry("cleanup.policy", "compact", AlterConfigOpType.SUBTRACT))
    equal(described()["cleanup.policy"].value, "delete")
    alter(entry("retention.ms", None, AlterConfigOpType.DELETE))
    equal(described()["retention.ms"].value, untouched)
    assert described()["retention.ms"].source != dynamic
    for name in ("max.message.bytes", "segment.bytes", "message.timestamp.type"):
        assert described()[name].value, name
    refused(KafkaError.INVALID_CONFIG, lambda: alter(
        entry("no.such.key", "1", AlterConfigOpType.SET)))

    # The older call replaces all that a topic has of its own.
    wanted = ConfigResource(ResourceType.TOPIC, topic, set_config={"retention.ms": "7654321"})
    admin.alter_configs([wanted])[wanted].result(PATIENCE_SECONDS)
    equal(described()["retention.ms"].value, "7654321")
    assert described()["cleanup.policy"].source != dynamic

    cluster = admin.describe_cluster().result(PATIENCE_SECONDS)
    asked = ConfigResource(ResourceType.BROKER, str(cluster.controller.id))
    assert admin.describe_configs([asked])[asked].result(PATIENCE_SECONDS)


@test()
def deletes_records(broker: Broker) -> None:
    topic = "rdkafka-delete-records"
    admin = topics.admin(broker)
    topics.create(broker, topic, 2)
    topics.produce(broker, topic, 2, 100)
    asked = [TopicPartition(topic, 0, 40), TopicPartition(topic, 1, rdkafka.OFFSET_END)]
    results = admin.delete_records(asked)
    lows = {p.partition: f.result(PATIENCE_SECONDS).low_watermark for p, f in results.items()}
    equal(lows, {0: 40, 1: 100})
    found = topics.read_all(broker, topic, 2)
    equal([m.offset() for m in found[0]], list(range(40, 100)))
    equal(found[1], [])
    beyond = TopicPartition(topic, 0, 1000)
    refused(KafkaError.OFFSET_OUT_OF_RANGE, lambda: admin.delete_records(
        [beyond])[beyond].result(PATIENCE_SECONDS))


@test()
def administers_groups(broker: Broker) -> None:
    topic = group = "rdkafka-groups"
    admin = topics.admin(broker)
    topics.create(broker, topic, 2)
    topics.produce(broker, topic, 2, 10)
    reader = consumer(broker, group, client_id="the-reader")
    reader.subscribe([topic])
    until("partitions", lambda: (reader.poll(0.1), reader.assignment())[1])
    reader.commit(offsets=[TopicPartition(topic, 0, 3, metadata="a note")], asynchronous=False)

    listed = admin.list_consumer_groups().result(PATIENCE_SECONDS)
    assert group in [found.group_id for found in listed.valid], listed.valid
    described = admin.describe_consumer_groups([group])[group].result(PATIENCE_SECONDS)
    equal(described.state, rdkafka.ConsumerGroupState.STABLE)
    (member,) = described.members
    equal(member.client_id, "the-reader")
    assigned = sorted((p.topic, p.partition) for p in member.assignment.topic_partitions)
    equal(assigned, [(topic, 0), (topic, 1)])
    # Its partitions are in use.
    refused(KafkaError.NON_EMPTY_GROUP, lambda: admin.delete_consumer_groups(
        [group])[group].result(PATIENCE_SECONDS))

    def offsets() -> dict[int, int]:
        asked = ConsumerGroupTopicPartitions(group)
        found = admin.list_consumer_group_offsets([asked])[group].result(PATIENCE_SECONDS)
        return {p.partition: p.offset for p in found.topic_partitions}

    def alter() -> None:
        wanted = ConsumerGroupTopicPartitions(
            group, [TopicPartition(topic, 0, 7), TopicPartition(topic, 1, 8)]
        )
        result = admin.alter_consumer_group_offsets([wanted])[group].result(PATIENCE_SECONDS)
        for partition in result.topic_partitions:
            if partition.error:
                raise KafkaException(partition.error)

    equal(offsets(), {0: 3})
    (committed,) = reader.committed([TopicPartition(topic, 0)], timeout=30)
    equal(committed.metadata, "a note")
    try:
        alter()
        raise AssertionError("the offsets of a group with members were altered")
    except KafkaException:
        equal(offsets(), {0: 3})
    reader.close()
    alter()
    equal(offsets(), {0: 7, 1: 8})
    described = admin.describe_consumer_groups([group])[group].result(PATIENCE_SECONDS)
    equal(described.state, rdkafka.ConsumerGroupState.EMPTY)
    admin.delete_consumer_groups([group])[group].result(PATIENCE_SECONDS)
    equal({p: o for p, o in offsets().items() if o >= 0}, {})
    refused(KafkaError.GROUP_ID_NOT_FOUND, lambda: admin.delete_consumer_groups(
        [group])[group].result(PATIENCE_SECONDS))


@test()
def describes_cluster(broker: Broker) -> None:
    admin = topics.admin(broker)
    cluster = admin.describe_cluster().result(PATIENCE_SECONDS)
    assert cluster.cluster_id
    (node,) = cluster.nodes
    equal(f"{node.host}:{node.port}", broker.address)
    equal(cluster.controller.id, node.id)
    topics.create(broker, "rdkafka-cluster", 2)
    result = admin.elect_leaders(
        rdkafka.ElectionType.PREFERRED, [TopicPartition("rdkafka-cluster", p) for p in range(2)]
    ).result(PATIENCE_SECONDS)
    for error in result.values():
        assert error is None or error.code() == KafkaError.ELECTION_NOT_NEEDED, error
