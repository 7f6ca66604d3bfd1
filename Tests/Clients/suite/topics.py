"""Topics and records for the tests that need some, by way of librdkafka."""

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from broker import Broker
from waiting import PATIENCE_SECONDS, equal, until


def admin(broker: Broker) -> AdminClient:
    return AdminClient({"bootstrap.servers": broker.address})


def create(broker: Broker, topic: str, partitions: int = 1, **config: str) -> None:
    """Creates a topic; underscores in the names of its settings stand for dots.

    Where the records are to have times of long ago, it must keep them: retention_ms="-1".
    """
    settings = {name.replace("_", "."): value for name, value in config.items()}
    wanted = NewTopic(topic, partitions, 1, config=settings)
    client = admin(broker)
    client.create_topics([wanted])[topic].result(PATIENCE_SECONDS)


def produce(
    broker: Broker, topic: str, partitions: int, count: int, **config: object
) -> set[tuple[str, int, int]]:
    """Appends `count` records to each partition; returns topic, partition and offset of each."""
    acknowledged = set()
    failures = []

    def delivered(error, message) -> None:
        if error:
            failures.append(error)
        else:
            acknowledged.add((topic, message.partition(), message.offset()))

    settings = {name.replace("_", "."): value for name, value in config.items()}
    producer = Producer({"bootstrap.servers": broker.address, **settings})
    for number in range(count):
        for partition in range(partitions):
            producer.produce(
                topic, f"value {number}".encode(), partition=partition, on_delivery=delivered
            )
        producer.poll(0)
    equal(producer.flush(PATIENCE_SECONDS), 0, "records that were not delivered")
    equal(failures, [])
    equal(len(acknowledged), count * partitions)
    return acknowledged


def read_all(broker: Broker, topic: str, partitions: int, **config: object) -> dict[int, list]:
    """Every message that a topic has, by partition, in order of its offsets."""
    settings = {name.replace("_", "."): value for name, value in config.items()}
    consumer = Consumer(
        {
            "bootstrap.servers": broker.address, "group.id": topic + "-read-all",
            "enable.auto.commit": False, "auto.offset.reset": "error", **settings,
        }
    )
    ends, starts = {}, {}
    for partition in range(partitions):
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), 30)
        starts[partition], ends[partition] = low, high
    found: dict[int, list] = {partition: [] for partition in range(partitions)}
    positions = dict(starts)
    consumer.assign([TopicPartition(topic, p, starts[p]) for p in range(partitions)])

    def step() -> bool:
        for message in consumer.consume(2000, 0.1):
            if message.error():
                raise KafkaException(message.error())
            found[message.partition()].append(message)
            positions[message.partition()] = message.offset() + 1
        return all(positions[p] >= ends[p] for p in range(partitions))

    until(lambda: f"reading {topic}: at {positions} of {ends}", step, pause=0)
    consumer.close()
    return found
