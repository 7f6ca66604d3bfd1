"""Clients that write and read while things happen."""

import threading
import time

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from cluster import Cluster
from history import History


def quiet(_error: KafkaError) -> None:
    """Brokers are gone now and then; that is what the scenarios are about."""


class Writer:
    """An idempotent producer with acks=all, in a thread of its own."""

    def __init__(self, cluster: Cluster, history: History, name: str, per_second: int):
        self.history = history
        self.name = name
        self.pause = 1 / per_second
        self.ends = threading.Event()
        self.partition_count = len(cluster.partitions())
        self.producer = Producer({
            "bootstrap.servers": cluster.bootstrap, "enable.idempotence": True, "acks": "all",
            "linger.ms": 2, "message.timeout.ms": 120_000, "retry.backoff.ms": 20,
            "retry.backoff.max.ms": 200, "reconnect.backoff.ms": 20,
            "reconnect.backoff.max.ms": 200, "topic.metadata.refresh.fast.interval.ms": 50,
            "socket.timeout.ms": 10_000, "request.timeout.ms": 5_000, "error_cb": quiet,
            "log_level": 0,
        })
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        number = 0
        while not self.ends.is_set():
            record = (self.name, number)
            self.history.note_sent(record)

            def told(error, message, record=record):
                if error is None:
                    place = (message.partition(), message.offset())
                    self.history.note_outcome(record, place)
                else:
                    self.history.note_outcome(record, None, error.name())

            while True:
                try:
                    self.producer.produce(
                        Cluster.TOPIC, value=f"{self.name}:{number}",
                        partition=number % self.partition_count, on_delivery=told)
                    break
                except BufferError:
                    self.producer.poll(0.1)
            self.producer.poll(0)
            number += 1
            time.sleep(self.pause)

    def abandon(self) -> None:
        """Writes no more, and gives up what has had no answer."""
        self.ends.set()
        self.thread.join()
        self.producer.purge()
        self.producer.flush(5)
        del self.producer

    def finish(self) -> None:
        """Writes no more; returns when the fate of all is known."""
        self.ends.set()
        self.thread.join()
        left = self.producer.flush(120)
        assert left == 0, f"{left} records of {self.name} have had no answer"


class Reader:
    """Reads all partitions while they are written to."""

    def __init__(self, cluster: Cluster, history: History):
        self.history = history
        self.ends = threading.Event()
        self.consumer = Consumer(reading(cluster))
        self.consumer.assign(
            [TopicPartition(Cluster.TOPIC, number, 0) for number in cluster.partitions()])
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while not self.ends.is_set():
            message = self.consumer.poll(0.1)
            if message is not None and message.error() is None:
                self.history.note_seen((message.partition(), message.offset()), parse(message))

    def finish(self) -> None:
        self.ends.set()
        self.thread.join()
        self.consumer.close()


def reading(cluster: Cluster, group: str = "readers") -> dict:
    return {
        "bootstrap.servers": cluster.bootstrap, "group.id": group, "enable.auto.commit": False,
        "auto.offset.reset": "earliest", "reconnect.backoff.ms": 20,
        "reconnect.backoff.max.ms": 200, "topic.metadata.refresh.fast.interval.ms": 50,
        "socket.timeout.ms": 10_000, "error_cb": quiet, "log_level": 0,
    }


def parse(message) -> tuple[str, int]:
    producer, number = message.value().decode().rsplit(":", 1)
    return producer, int(number)


def read_all(cluster: Cluster) -> dict[tuple[int, int], tuple[str, int]]:
    """What the topic holds, by partition and offset."""
    consumer = Consumer(reading(cluster))
    found: dict[tuple[int, int], tuple[str, int]] = {}
    try:
        for number in cluster.partitions():
            partition = TopicPartition(Cluster.TOPIC, number)
            first, end = consumer.get_watermark_offsets(partition, timeout=30)
            position = first
            consumer.assign([TopicPartition(Cluster.TOPIC, number, first)])
            deadline = time.monotonic() + 60
            while position < end:
                assert time.monotonic() < deadline, f"{partition} cannot be read to its end"
                message = consumer.poll(0.5)
                if message is not None and message.error() is None:
                    found[(number, message.offset())] = parse(message)
                    position = message.offset() + 1
    finally:
        consumer.close()
    return found


class Load:
    """Writers and a reader for as long as the block runs."""

    def __init__(self, cluster: Cluster, writers: int = 2, per_second: int = 400):
        self.cluster = cluster
        self.history = History()
        self.writers = [
            Writer(cluster, self.history, f"writer{number}", per_second)
            for number in range(writers)
        ]
        self.reader = Reader(cluster, self.history)

    def __enter__(self) -> "Load":
        self.go_on(500)
        self.history.begin_pause()
        return self

    def go_on(self, count: int, seconds: float = 60) -> None:
        """Returns when `count` more records are acknowledged."""
        wanted = self.history.acknowledged_count + count
        deadline = time.monotonic() + seconds
        while self.history.acknowledged_count < wanted:
            assert time.monotonic() < deadline, "no records are acknowledged any more"
            time.sleep(0.05)

    def __exit__(self, kind: object, *_: object) -> None:
        for writer in self.writers:
            if kind is None:
                writer.finish()
            else:
                # The next cluster has the same addresses, and gives out the same producer ids.
                writer.abandon()
        self.reader.finish()
