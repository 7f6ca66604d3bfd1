"""kafka-python: producing, consuming and administration."""

import time

import kafka
import kafka.errors
from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, OffsetSpec, TopicPartition
from kafka.admin import AlterConfigOp, ConfigResource, ConfigResourceType, KafkaAdminClient

from broker import Broker
from registry import test
from waiting import CLOCK_MILLISECONDS, PATIENCE_SECONDS, equal, until


def producer(broker: Broker, **config: object) -> KafkaProducer:
    return KafkaProducer(bootstrap_servers=broker.address, **config)


def consumer(broker: Broker, group: str | None = None, **config: object) -> KafkaConsumer:
    settings = {"enable_auto_commit": False, "auto_offset_reset": "earliest", **config}
    return KafkaConsumer(bootstrap_servers=broker.address, group_id=group, **settings)


def administrator(broker: Broker) -> KafkaAdminClient:
    return KafkaAdminClient(bootstrap_servers=broker.address)


def create(broker: Broker, topic: str, partitions: int = 1, **config: str) -> None:
    settings = {name.replace("_", "."): value for name, value in config.items()}
    admin = administrator(broker)
    admin.create_topics({topic: {"num_partitions": partitions, "configs": settings}})
    admin.close()


def send(client: KafkaProducer, topic: str, *values: bytes | None, **record: object) -> list:
    """Produces and waits; returns what is known of each record."""
    futures = [client.send(topic, value, **record) for value in values]
    client.flush(PATIENCE_SECONDS)
    return [future.get(PATIENCE_SECONDS) for future in futures]


def read(client: KafkaConsumer, count: int) -> list:
    """The next `count` records."""
    found: list = []

    def step() -> bool:
        for records in client.poll(timeout_ms=100).values():
            found.extend(records)
        return len(found) >= count

    until(lambda: f"{count} records, where there are {len(found)}", step, pause=0)
    equal(len(found), count)
    return found


def refused(error: type[Exception], action) -> None:
    """Expects that a call is refused with this error."""
    try:
        action()
    except error:
        return
    raise AssertionError(f"not refused, where {error.__name__} was expected")


@test()
def acknowledgements(broker: Broker) -> None:
    topic = "kafka-python-acks"
    create(broker, topic)
    for acks in (0, 1, "all"):
        client = producer(broker, acks=acks, enable_idempotence=False)
        send(client, topic, *[b"%r" % acks] * 100)
        client.close()
    reader = consumer(broker)
    reader.assign([TopicPartition(topic, 0)])
    read(reader, 300)
    reader.close()


@test()
def nulls_and_headers(broker: Broker) -> None:
    topic = "kafka-python-nulls"
    create(broker, topic, retention_ms="-1")
    client = producer(broker)
    headers = [("one", b"1"), ("empty", b""), ("one", b"again")]
    send(client, topic, b"v", key=b"k", headers=headers, timestamp_ms=1_234_567)
    send(client, topic, None, key=b"tombstone")
    send(client, topic, b"no key")
    send(client, topic, b"", key=b"")
    client.close()
    reader = consumer(broker)
    reader.assign([TopicPartition(topic, 0)])
    records = read(reader, 4)
    equal([(r.key, r.value, list(r.headers)) for r in records], [
        (b"k", b"v", headers), (b"tombstone", None, []), (None, b"no key", []), (b"", b"", []),
    ])
    equal((records[0].timestamp, records[0].timestamp_type), (1_234_567, 0))
    reader.close()


@test()
def large_messages(broker: Broker) -> None:
    topic = "kafka-python-large"
    create(broker, topic, max_message_bytes="20000000")
    large = bytes(range(256)) * 40_000
    client = producer(broker, max_request_size=20_000_000)
    send(client, topic, b"before", large, b"after")
    reader = consumer(broker, fetch_max_bytes=1024, max_partition_fetch_bytes=1024)
    reader.assign([TopicPartition(topic, 0)])
    equal([r.value for r in read(reader, 3)], [b"before", large, b"after"])
    reader.close()
    create(broker, topic + "-default")
    refused(
        kafka.errors.MessageSizeTooLargeError, lambda: send(client, topic + "-default", large)
    )
    client.close()


@test()
def idempotent_producer(broker: Broker) -> None:
    topic = "kafka-python-idempotent"
    create(broker, topic, 3)
    client = producer(broker, enable_idempotence=True, batch_size=200)
    sent = [b"%d" % number for number in range(2000)]
    send(client, topic, *sent)
    client.close()
    reader = consumer(broker)
    reader.assign([TopicPartition(topic, p) for p in range(3)])
    equal(sorted(r.value for r in read(reader, 2000)), sorted(sent))
    reader.close()


@test()
def auto_created_topics(broker: Broker) -> None:
    """A topic that was not there is usable at once."""
    for number in range(5):
        client = producer(broker, retries=0, enable_idempotence=False)
        (first,) = send(client, f"kafka-python-auto-{number}", b"first")
        equal(first.offset, 0)
        client.close()
    reader = consumer(broker, "kafka-python-auto")
    reader.subscribe(["kafka-python-auto-by-reader"])
    until("a partition", lambda: (reader.poll(timeout_ms=100), reader.assignment())[1])
    client = producer(broker)
    send(client, "kafka-python-auto-by-reader", b"x")
    client.close()
    equal(read(reader, 1)[0].value, b"x")
    reader.close()


@test()
def invalid_topic_names(broker: Broker) -> None:
    admin = administrator(broker)
    for name in ("with space", "sl/ash", "..", "x" * 250, ""):
        refused(kafka.errors.InvalidTopicError, lambda: admin.create_topics([name]))
    admin.close()


@test()
def long_polls(broker: Broker) -> None:
    """A consumer that waits hears of a record when it comes, and asks seldom while none does."""
    topic = "kafka-python-long-polls"
    with Broker(broker.moldau).start() as own:
        create(own, topic)
        reader = consumer(own, fetch_max_wait_ms=20_000, request_timeout_ms=60_000)
        reader.assign([TopicPartition(topic, 0)])
        reader.poll(timeout_ms=500)
        client = producer(own)
        before = own.request_count("Fetch")
        for number in range(30):
            send(client, topic, b"%d" % number)
            found = until("the record", lambda: reader.poll(timeout_ms=1000), seconds=15, pause=0)
            equal([r.value for records in found.values() for r in records], [b"%d" % number])
        client.close()
        count = own.request_count("Fetch") - before
        assert count <= 60, f"{count} fetches for 30 records"
        before = own.request_count("Fetch")
        equal(reader.poll(timeout_ms=3000), {})
        count = own.request_count("Fetch") - before
        assert count <= 2, f"{count} fetches while nothing came"
        reader.close()


@test()
def times(broker: Broker) -> None:
    topic = "kafka-python-times"
    partition = TopicPartition(topic, 0)
    create(broker, topic, retention_ms="-1")
    client = producer(broker)
    for stamp in (1000, 2000, 3000, 2500, 4000):
        send(client, topic, b"at %d" % stamp, timestamp_ms=stamp)
    client.close()
    reader = consumer(broker)
    expected = {0: 0, 1000: 0, 1001: 1, 2000: 1, 2600: 2, 3001: 4, 4000: 4}
    for stamp, offset in expected.items():
        equal(reader.offsets_for_times({partition: stamp})[partition].offset, offset, f"at {stamp}")
    assert reader.offsets_for_times({partition: 4001})[partition] is None
    equal(reader.beginning_offsets([partition]), {partition: 0})
    equal(reader.end_offsets([partition]), {partition: 5})
    reader.close()
    admin = administrator(broker)
    specs = {"EARLIEST": 0, "LATEST": 5, "MAX_TIMESTAMP": 4}
    for spec, offset in specs.items():
        found = admin.list_partition_offsets({partition: getattr(OffsetSpec, spec)})
        equal(found[partition].offset, offset, spec)
    admin.close()


@test()
def log_append_time(broker: Broker) -> None:
    topic = "kafka-python-append-time"
    create(broker, topic, message_timestamp_type="LogAppendTime")
    begun = int(time.time() * 1000)
    client = producer(broker)
    (sent,) = send(client, topic, b"x", timestamp_ms=1000)
    client.close()
    reader = consumer(broker)
    reader.assign([TopicPartition(topic, 0)])
    (record,) = read(reader, 1)
    equal(record.timestamp_type, 1)
    assert begun - CLOCK_MILLISECONDS <= record.timestamp <= time.time() * 1000 + 1, record.timestamp
    equal(sent.timestamp, record.timestamp)
    reader.close()


@test()
def isolation(broker: Broker) -> None:
    topic = "kafka-python-isolation"
    create(broker, topic, 2)
    client = producer(broker, enable_idempotence=True)
    send(client, topic, *[b"x"] * 200)
    client.close()
    for level in ("read_uncommitted", "read_committed"):
        reader = consumer(broker, isolation_level=level)
        reader.assign([TopicPartition(topic, p) for p in range(2)])
        read(reader, 200)
        reader.close()


@test()
def commits(broker: Broker) -> None:
    """Offsets with their notes, seeks, pauses, and the commit of a group without members."""
    topic = group = "kafka-python-commits"
    partition = TopicPartition(topic, 0)
    create(broker, topic)
    client = producer(broker)
    send(client, topic, *[b"%d" % number for number in range(20)])
    client.close()
    reader = consumer(broker, group)
    reader.assign([partition])
    assert reader.committed(partition) is None
    read(reader, 20)
    reader.commit({partition: OffsetAndMetadata(12, "a note", -1)})
    reader.close()
    reader = consumer(broker, group)
    reader.assign([partition])
    equal([int(r.value) for r in read(reader, 8)], list(range(12, 20)))
    equal(reader.committed(partition, metadata=True).metadata, "a note")
    reader.seek(partition, 18)
    equal([int(r.value) for r in read(reader, 2)], [18, 19])
    equal(reader.position(partition), 20)
    reader.close()


# Administration


@test()
def administers_topics(broker: Broker) -> None:
    topic = "kafka-python-admin"
    admin = administrator(broker)
    admin.create_topics({topic: {"num_partitions": 2}}, wait_for_metadata=True)
    refused(kafka.errors.TopicAlreadyExistsError, lambda: admin.create_topics([topic]))
    admin.create_topics([topic + "-b"], validate_only=True)
    assert topic in admin.list_topics()
    assert topic + "-b" not in admin.list_topics()
    (described,) = admin.describe_topics([topic])
    equal(sorted(p["partition_index"] for p in described["partitions"]), [0, 1])
    admin.create_partitions({topic: 4})
    (described,) = admin.describe_topics([topic])
    equal(len(described["partitions"]), 4)
    refused(
        kafka.errors.InvalidPartitionsError, lambda: admin.create_partitions({topic: 3}))
    admin.delete_topics([topic])
    until("it is gone", lambda: topic not in admin.list_topics())
    refused(kafka.errors.UnknownTopicOrPartitionError, lambda: admin.delete_topics([topic]))
    admin.close()


@test()
def administers_configurations(broker: Broker) -> None:
    topic = "kafka-python-configs"
    create(broker, topic, retention_ms="1000000")
    admin = administrator(broker)

    def described(kind: str = "all") -> dict:
        asked = ConfigResource(ConfigResourceType.TOPIC, topic)
        return admin.describe_configs([asked], True, kind)["topic"][topic]

    def alter(configs: dict, **settings: object) -> None:
        wanted = ConfigResource(ConfigResourceType.TOPIC, topic, configs)
        equal(admin.alter_configs([wanted], **settings), {"topic": {topic: "OK"}})

    equal(described("modified").keys(), {"retention.ms"})
    equal(described()["retention.ms"]["config_source"], "DYNAMIC_TOPIC_CONFIG")
    assert described()["retention.ms"]["synonyms"]
    alter({"segment.bytes": "1048576"})
    equal(described("modified").keys(), {"retention.ms", "segment.bytes"})
    alter({"cleanup.policy": (AlterConfigOp.APPEND, "compact")})
    equal(set(described()["cleanup.policy"]["value"].split(",")), {"compact", "delete"})
    alter({"retention.ms": (AlterConfigOp.DELETE, None)})
    equal(described("modified").keys(), {"cleanup.policy", "segment.bytes"})
    alter({"retention.ms": "5000"}, incremental=False)
    equal(described()["retention.ms"]["value"], "5000")
    admin.close()


@test()
def deletes_records(broker: Broker) -> None:
    topic = "kafka-python-delete-records"
    partition = TopicPartition(topic, 0)
    create(broker, topic)
    client = producer(broker)
    send(client, topic, *[b"%d" % number for number in range(20)])
    client.close()
    admin = administrator(broker)
    equal(admin.delete_records({partition: 15})[partition]["low_watermark"], 15)
    refused(
        kafka.errors.OffsetOutOfRangeError, lambda: admin.delete_records({partition: 100}))
    admin.close()
    reader = consumer(broker)
    reader.assign([partition])
    equal([r.offset for r in read(reader, 5)], list(range(15, 20)))
    equal(reader.beginning_offsets([partition]), {partition: 15})
    reader.close()


@test()
def administers_groups(broker: Broker) -> None:
    topic = group = "kafka-python-groups"
    first, second = TopicPartition(topic, 0), TopicPartition(topic, 1)
    create(broker, topic, 2)
    client = producer(broker)
    for partition in (0, 1):
        send(client, topic, *[b"x"] * 10, partition=partition)
    client.close()
    reader = consumer(broker, group)
    reader.subscribe([topic])
    read(reader, 20)
    reader.commit()
    admin = administrator(broker)
    (listed,) = [found for found in admin.list_groups() if found["group_id"] == group]
    equal((listed["protocol_type"], listed["group_state"]), ("consumer", "Stable"))
    assert group not in [found["group_id"] for found in admin.list_groups(states_filter=["EMPTY"])]
    described = admin.describe_groups([group])[group]
    equal(len(described["members"]), 1)
    offsets = admin.list_group_offsets({group: None})[group]
    equal({p: o.offset for p, o in offsets.items()}, {first: 10, second: 10})
    equal(admin.delete_groups([group]), {group: "NonEmptyGroupError"})
    equal(
        admin.delete_group_offsets(group, [first])[first],
        kafka.errors.GroupSubscribedToTopicError,
    )
    reader.close()

    altered = admin.alter_group_offsets(group, {first: OffsetAndMetadata(4, "", -1)})
    equal(altered, {first: kafka.errors.NoError})
    reset = admin.reset_group_offsets(group, {second: OffsetSpec.EARLIEST})
    equal(reset[second]["offset"], 0)
    offsets = admin.list_group_offsets({group: None})[group]
    equal({p: o.offset for p, o in offsets.items()}, {first: 4, second: 0})
    equal(admin.delete_group_offsets(group, [second]), {second: kafka.errors.NoError})
    offsets = admin.list_group_offsets({group: None})[group]
    equal({p: o.offset for p, o in offsets.items()}, {first: 4})
    equal(admin.delete_groups([group]), {group: "OK"})
    assert group not in [found["group_id"] for found in admin.list_groups()]
    # A group that is not there has no offsets, which is no error.
    equal({o.offset for o in admin.list_group_offsets({group: [first]})[group].values()}, {-1})
    admin.close()


@test()
def describes_cluster(broker: Broker) -> None:
    topic = "kafka-python-cluster"
    create(broker, topic, 2)
    client = producer(broker)
    send(client, topic, *[b"x" * 1000] * 20, partition=0)
    client.close()
    admin = administrator(broker)
    cluster = admin.describe_cluster()
    (node,) = cluster["brokers"]
    equal(f"{node['host']}:{node['port']}", broker.address)
    equal(cluster["controller_id"], node["broker_id"])
    ((directory,),) = [found["log_dirs"] for found in admin.describe_log_dirs([topic])]
    equal(directory["error_code"], 0)
    ((name, partitions),) = [(t["name"], t["partitions"]) for t in directory["topics"]]
    equal(name, topic)
    sizes = {p["partition_index"]: p["partition_size"] for p in partitions}
    assert sizes[0] > 20_000 and sizes[1] == 0, sizes
    admin.elect_leaders(0, {topic: [0, 1]})
    equal(admin.list_partition_reassignments(), {})
    # One node has nowhere to move a partition to; that it stays is granted.
    own = node["broker_id"]
    moved = admin.alter_partition_reassignments({TopicPartition(topic, 0): [own]})
    equal(moved, {TopicPartition(topic, 0): None})
    away = admin.alter_partition_reassignments({TopicPartition(topic, 0): [own + 1]})
    assert away[TopicPartition(topic, 0)] is not None
    equal([t["topics"] and t["topics"][0]["name"] for t in [
        admin.describe_topic_partitions([topic])]], [topic])
    assert topic in admin.list_config_resources(["TOPIC"])["topic"]
    admin.close()
