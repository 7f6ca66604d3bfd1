"""What one client writes with a codec, the others read."""

import asyncio
import functools

import aiokafka
import kafka
from confluent_kafka import Producer

import topics
import with_aiokafka
import with_kafka_python
from broker import Broker
from registry import add
from waiting import PATIENCE_SECONDS, equal

COUNT = 1_000
PARTITIONS = 3
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


def value(number: int) -> bytes:
    return (f"value {number} " * 10).encode()


def write_librdkafka(broker: Broker, topic: str, codec: str) -> None:
    client = Producer(
        {"bootstrap.servers": broker.address, "compression.type": codec, "linger.ms": 5}
    )
    failures: list = []
    for number in range(COUNT):
        client.produce(
            topic, value(number), key=str(number), headers=[("trace", b"x")],
            on_delivery=lambda error, _: failures.append(error) if error else None,
        )
    equal(client.flush(PATIENCE_SECONDS), 0, "records that were not delivered")
    equal(failures, [])


def write_kafka_python(broker: Broker, topic: str, codec: str) -> None:
    compression = None if codec == "none" else codec
    client = with_kafka_python.producer(broker, compression_type=compression, linger_ms=5)
    with_kafka_python.send(client, topic, *map(value, range(COUNT)))
    client.close()


def write_aiokafka(broker: Broker, topic: str, codec: str) -> None:
    async def write() -> None:
        compression = None if codec == "none" else codec
        settings = {"compression_type": compression, "linger_ms": 5}
        async with with_aiokafka.producing(broker, **settings) as client:
            await with_aiokafka.send(client, topic, *map(value, range(COUNT)))

    asyncio.run(write())


Found = list[tuple[int, int, bytes]]


def read_librdkafka(broker: Broker, topic: str) -> Found:
    found = topics.read_all(broker, topic, PARTITIONS, check_crcs=True)
    return [(m.partition(), m.offset(), m.value()) for ms in found.values() for m in ms]


def read_kafka_python(broker: Broker, topic: str) -> Found:
    client = with_kafka_python.consumer(broker)
    client.assign([kafka.TopicPartition(topic, p) for p in range(PARTITIONS)])
    records = with_kafka_python.read(client, COUNT)
    client.close()
    return [(r.partition, r.offset, r.value) for r in records]


def read_aiokafka(broker: Broker, topic: str) -> Found:
    async def read() -> Found:
        partitions = [aiokafka.TopicPartition(topic, p) for p in range(PARTITIONS)]
        async with with_aiokafka.consuming(broker, *partitions) as client:
            records = await with_aiokafka.read(client, COUNT)
        return [(r.partition, r.offset, r.value) for r in records]

    return asyncio.run(read())


WRITERS = {
    "librdkafka": write_librdkafka, "kafka-python": write_kafka_python, "aiokafka": write_aiokafka,
}
READERS = {
    "librdkafka": read_librdkafka, "kafka-python": read_kafka_python, "aiokafka": read_aiokafka,
}


def codec_of(broker: Broker, writer: str, codec: str) -> None:
    topic = f"between-{writer}-{codec}"
    topics.create(broker, topic, PARTITIONS)
    WRITERS[writer](broker, topic, codec)
    for reader, read in READERS.items():
        found = read(broker, topic)
        positions = [0] * PARTITIONS
        for partition, offset, _ in found:
            equal(offset, positions[partition], f"offset in partition {partition} for {reader}")
            positions[partition] += 1
        equal(sorted(v for _, _, v in found), sorted(map(value, range(COUNT))), reader)


for _writer in WRITERS:
    for _codec in CODECS:
        add(
            f"between_clients.{_codec}.{_writer}",
            functools.partial(codec_of, writer=_writer, codec=_codec), 60,
        )
