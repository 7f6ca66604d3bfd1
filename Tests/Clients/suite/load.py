"""Idempotent producers that write on and on, with three clients, while the broker comes and goes."""

import asyncio
import collections
import logging
import threading

import aiokafka
import kafka
from confluent_kafka import Producer

import topics
from broker import Broker
from waiting import equal, until

# That a broker is away is what these tests are about.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

# Records that may be on their way at a time, for each producer: more than a few batches' worth.
IN_FLIGHT = 300

# No attempt is ever the last one: the broker is away for a moment only.
DELIVERY_SECONDS = 120


class Load:
    """One producer on a thread of its own. The values of its records are NAME:PARTITION:NUMBER."""

    name = ""

    def __init__(self, broker: Broker, topic: str, partitions: int):
        self.broker = broker
        self.topic = topic
        self.partitions = partitions
        self.ending = threading.Event()
        self.lock = threading.Lock()
        # How many were handed to the client, and number and offset of what was acknowledged.
        self.sent = [0] * partitions
        self.acknowledged: list[dict[int, int]] = [{} for _ in range(partitions)]
        self.failures: list[str] = []
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    @property
    def acknowledged_count(self) -> int:
        with self.lock:
            return sum(map(len, self.acknowledged))

    def end(self) -> None:
        """Ends it; every record must be acknowledged by then."""
        self.ending.set()
        self.thread.join(DELIVERY_SECONDS)
        assert not self.thread.is_alive(), f"{self.name} does not end"
        equal(self.failures, [], self.name)
        for partition in range(self.partitions):
            equal(
                sorted(self.acknowledged[partition]), list(range(self.sent[partition])),
                f"acknowledged to {self.name} of partition {partition}",
            )

    def next_record(self) -> tuple[int, int, bytes]:
        """Partition, number and value of the next record."""
        partition = sum(self.sent) % self.partitions
        number = self.sent[partition]
        self.sent[partition] += 1
        return partition, number, f"{self.name}:{partition}:{number}".encode()

    def on_acknowledged(self, partition: int, number: int, offset: int) -> None:
        with self.lock:
            assert number not in self.acknowledged[partition]
            self.acknowledged[partition][number] = offset

    def _run(self) -> None:
        try:
            self.produce()
        except BaseException as error:
            self.failures.append(repr(error))

    def produce(self) -> None:
        raise NotImplementedError


class LibrdkafkaLoad(Load):
    name = "librdkafka"

    def produce(self) -> None:
        client = Producer(
            {
                "bootstrap.servers": self.broker.address, "enable.idempotence": True,
                "linger.ms": 1, "batch.num.messages": 20,
                "message.timeout.ms": DELIVERY_SECONDS * 1000,
                "reconnect.backoff.max.ms": 500, "log_level": 2,
            }
        )
        while not self.ending.is_set():
            if len(client) < IN_FLIGHT:
                partition, number, value = self.next_record()
                client.produce(
                    self.topic, value, partition=partition,
                    on_delivery=lambda error, message, number=number: self.delivered(
                        error, message, number),
                )
            client.poll(0.0005 if len(client) < IN_FLIGHT else 0.05)
        client.flush(DELIVERY_SECONDS)

    def delivered(self, error, message, number: int) -> None:
        if error:
            self.failures.append(str(error))
        else:
            self.on_acknowledged(message.partition(), number, message.offset())


class KafkaPythonLoad(Load):
    name = "kafka-python"

    def produce(self) -> None:
        client = kafka.KafkaProducer(
            bootstrap_servers=self.broker.address, enable_idempotence=True, linger_ms=1,
            batch_size=2000, delivery_timeout_ms=DELIVERY_SECONDS * 1000, request_timeout_ms=10_000,
            reconnect_backoff_max_ms=500,
        )
        pending: collections.deque = collections.deque()
        while not self.ending.is_set():
            partition, number, value = self.next_record()
            pending.append((number, client.send(self.topic, value, partition=partition)))
            while len(pending) >= IN_FLIGHT or pending and pending[0][1].is_done:
                self.take(pending.popleft())
        while pending:
            self.take(pending.popleft())
        client.close()

    def take(self, sent) -> None:
        number, future = sent
        found = future.get(DELIVERY_SECONDS)
        self.on_acknowledged(found.partition, number, found.offset)


class AiokafkaLoad(Load):
    name = "aiokafka"

    def produce(self) -> None:
        asyncio.run(self.produce_all())

    async def produce_all(self) -> None:
        client = aiokafka.AIOKafkaProducer(
            bootstrap_servers=self.broker.address, enable_idempotence=True, linger_ms=1,
            max_batch_size=2000, request_timeout_ms=DELIVERY_SECONDS * 1000,
        )
        await client.start()
        pending: collections.deque = collections.deque()
        while not self.ending.is_set():
            partition, number, value = self.next_record()
            pending.append((number, await client.send(self.topic, value, partition=partition)))
            while len(pending) >= IN_FLIGHT or pending and pending[0][1].done():
                await self.take(pending.popleft())
            await asyncio.sleep(0)
        while pending:
            await self.take(pending.popleft())
        await client.stop()

    async def take(self, sent) -> None:
        number, future = sent
        found = await asyncio.wait_for(future, DELIVERY_SECONDS)
        self.on_acknowledged(found.partition, number, found.offset)


LOADS = [LibrdkafkaLoad, KafkaPythonLoad, AiokafkaLoad]


def await_progress(loads: list[Load], count: int) -> None:
    """Waits until each of them has had this many further records acknowledged."""
    wanted = {load: load.acknowledged_count + count for load in loads}

    def done() -> bool:
        for load in loads:
            assert load.thread.is_alive(), f"{load.name} has ended: {load.failures}"
        return all(load.acknowledged_count >= number for load, number in wanted.items())

    until(
        lambda: f"{count} more of each: " + ", ".join(
            f"{load.name} {load.acknowledged_count} of {number}" for load, number in wanted.items()),
        done, seconds=DELIVERY_SECONDS,
    )


def check_log(broker: Broker, loads: list[Load]) -> set[tuple[str, int, int]]:
    """What was acknowledged is in the log, once, in order, at its offset, and nothing else is.

    Returns topic, partition and offset of all records.
    """
    topic, partitions = loads[0].topic, loads[0].partitions
    by_name = {load.name: load for load in loads}
    found = topics.read_all(broker, topic, partitions)
    everything = set()
    for partition, messages in found.items():
        following = dict.fromkeys(by_name, 0)
        for position, message in enumerate(messages):
            everything.add((topic, partition, message.offset()))
            equal(message.offset(), position, f"offsets of partition {partition}")
            name, place, text = message.value().decode().split(":")
            number = int(text)
            equal(int(place), partition)
            equal(number, following[name], f"the next of {name} in {partition} at {position}")
            following[name] += 1
            equal(
                by_name[name].acknowledged[partition].get(number), position,
                f"the acknowledged offset of {name}'s {number} in {partition}",
            )
        expected = {name: load.sent[partition] for name, load in by_name.items()}
        equal(following, expected, f"records in partition {partition}")
    return everything
