"""Writes with each Python client and codec, and reads back with each. Usage: … HOST:PORT"""

import asyncio
import sys
import time

import aiokafka
import confluent_kafka
import kafka

COUNT = 2_000
PARTITIONS = 3
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


def value(number):
    return (f"value {number} " * 10).encode()


def expect(topic, reader, got):
    """Every record came once, in the order of its partition, as it was sent."""
    offsets = [0] * PARTITIONS
    for partition, offset, _ in got:
        assert offset == offsets[partition], (topic, reader, partition, offset)
        offsets[partition] += 1
    assert sorted(v for _, _, v in got) == sorted(value(n) for n in range(COUNT)), (topic, reader)


# librdkafka


def write_librdkafka(address, topic, codec):
    failures = []
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": address, "compression.type": codec, "linger.ms": 5, "acks": "all"}
    )
    for number in range(COUNT):
        producer.produce(
            topic,
            key=str(number),
            value=value(number),
            headers=[("trace", b"x")],
            on_delivery=lambda error, _: failures.append(error) if error else None,
        )
    assert producer.flush(60) == 0
    assert not failures, failures[:3]


def read_librdkafka(address, topic):
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": address, "group.id": "reader", "enable.auto.commit": False}
    )
    consumer.assign([confluent_kafka.TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
    got = []
    deadline = time.monotonic() + 60
    while len(got) < COUNT and time.monotonic() < deadline:
        for message in consumer.consume(500, 1.0):
            assert not message.error(), message.error()
            got.append((message.partition(), message.offset(), message.value()))
    consumer.close()
    return got


# kafka-python


def write_kafka_python(address, topic, codec):
    producer = kafka.KafkaProducer(
        bootstrap_servers=address, acks="all", enable_idempotence=False,
        compression_type=None if codec == "none" else codec,
    )
    sent = [producer.send(topic, key=b"k%d" % n, value=value(n)) for n in range(COUNT)]
    producer.flush(60)
    for future in sent:
        future.get(60)
    producer.close()


def read_kafka_python(address, topic):
    consumer = kafka.KafkaConsumer(
        bootstrap_servers=address, group_id=None, enable_auto_commit=False,
        consumer_timeout_ms=60_000,
    )
    partitions = [kafka.TopicPartition(topic, p) for p in range(PARTITIONS)]
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    got = []
    for message in consumer:
        got.append((message.partition, message.offset, message.value))
        if len(got) == COUNT:
            break
    assert sum(consumer.end_offsets(partitions).values()) == COUNT
    assert set(consumer.beginning_offsets(partitions).values()) == {0}
    consumer.close()
    return got


# aiokafka


def write_aiokafka(address, topic, codec):
    async def write():
        producer = aiokafka.AIOKafkaProducer(
            bootstrap_servers=address, acks="all",
            compression_type=None if codec == "none" else codec,
        )
        await producer.start()
        try:
            sends = [await producer.send(topic, value=value(n)) for n in range(COUNT)]
            await asyncio.gather(*sends)
        finally:
            await producer.stop()

    asyncio.run(write())


def read_aiokafka(address, topic):
    async def read():
        consumer = aiokafka.AIOKafkaConsumer(bootstrap_servers=address, enable_auto_commit=False)
        consumer.assign([aiokafka.TopicPartition(topic, p) for p in range(PARTITIONS)])
        await consumer.start()
        got = []
        try:
            await consumer.seek_to_beginning()
            deadline = time.monotonic() + 60
            while len(got) < COUNT and time.monotonic() < deadline:
                for messages in (await consumer.getmany(timeout_ms=1_000)).values():
                    got += [(m.partition, m.offset, m.value) for m in messages]
        finally:
            await consumer.stop()
        return got

    return asyncio.run(read())


# Codecs that need no further package in this client.
WRITERS = {
    "librdkafka": (write_librdkafka, CODECS),
    "kafka-python": (write_kafka_python, ["none", "gzip"]),
    "aiokafka": (write_aiokafka, ["none", "gzip"]),
}
READERS = {
    "librdkafka": (read_librdkafka, CODECS),
    "kafka-python": (read_kafka_python, ["none", "gzip"]),
    "aiokafka": (read_aiokafka, ["none", "gzip"]),
}


def main():
    address = sys.argv[1]
    for writer, (write, codecs) in WRITERS.items():
        for codec in codecs:
            topic = f"{writer}-{codec}"
            write(address, topic, codec)
            readers = [name for name, (_, known) in READERS.items() if codec in known]
            for reader in readers:
                expect(topic, reader, READERS[reader][0](address, topic))
            print(f"{topic}: {COUNT} records, read by {', '.join(readers)}")


main()
