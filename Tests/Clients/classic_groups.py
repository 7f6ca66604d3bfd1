"""Groups of the classic protocol, with the clients of three libraries.

    classic_groups.py HOST:PORT

Members join and leave, eagerly and cooperatively, static and dynamic; partitions must be shared, and
what was committed must be found. The broker is best run with --rebalance-delay 0s.
"""

import asyncio
import sys
import threading
import time

from aiokafka import AIOKafkaConsumer
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from kafka import KafkaConsumer

RECORDS = 240


def until(is_true, what):
    """Waits for something that clients do in their own time."""
    deadline = time.monotonic() + 40
    while not is_true():
        assert time.monotonic() < deadline, f"{what}: not within 40 s"
        time.sleep(0.02)


def fill(address, topic):
    """Writes records to all partitions of a new topic; returns how many those are."""
    producer = Producer({"bootstrap.servers": address})
    count = len(producer.list_topics(topic, timeout=10).topics[topic].partitions)
    failures = []
    for number in range(RECORDS):
        producer.produce(
            topic, value=str(number), partition=number % count,
            on_delivery=lambda error, _: failures.append(error) if error else None)
    assert producer.flush(20) == 0 and not failures, failures
    return count


class Librdkafka:
    """A member with a thread that polls and commits."""

    def __init__(self, address, topic, group, strategy, instance=None):
        settings = {
            "bootstrap.servers": address, "group.id": group, "auto.offset.reset": "earliest",
            "session.timeout.ms": 6000, "heartbeat.interval.ms": 300,
            "partition.assignment.strategy": strategy, "enable.auto.commit": False}
        if instance:
            settings["group.instance.id"] = instance
        self.consumer = Consumer(settings)
        self.is_cooperative = strategy == "cooperative-sticky"
        self.partitions = set()
        self.seen = set()
        self.revocations = 0
        self.is_stopping = False
        self.consumer.subscribe([topic], on_assign=self.assigned, on_revoke=self.revoked)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def assigned(self, consumer, partitions):
        self.partitions |= {each.partition for each in partitions}
        (consumer.incremental_assign if self.is_cooperative else consumer.assign)(partitions)

    def revoked(self, consumer, partitions):
        self.revocations += 1
        self.partitions -= {each.partition for each in partitions}
        if self.is_cooperative:
            consumer.incremental_unassign(partitions)
        else:
            consumer.unassign()

    def run(self):
        while not self.is_stopping:
            message = self.consumer.poll(0.1)
            if message and not message.error():
                self.seen.add((message.partition(), message.offset()))
                self.consumer.commit(message, asynchronous=True)

    def close(self):
        self.is_stopping = True
        self.thread.join()
        self.consumer.close()


def are_shared(members, count):
    shares = [set(member.partitions) for member in members]
    sizes = sorted(len(share) for share in shares)
    return set.union(*shares) == set(range(count)) and sum(sizes) == count and sizes[0] > 0


def librdkafka(address, strategy):
    topic = group = f"classic-{strategy}"
    count = fill(address, topic)
    first = Librdkafka(address, topic, group, strategy)
    until(lambda: are_shared([first], count), "one has all")
    second = Librdkafka(address, topic, group, strategy, "static" if strategy == "range" else None)
    until(lambda: are_shared([first, second], count), "two share")
    until(lambda: len(first.seen | second.seen) == RECORDS, "all records are read")
    if strategy == "range":
        # A static member goes and comes back without anyone noticing.
        revocations = first.revocations
        second.close()
        second = Librdkafka(address, topic, group, strategy, "static")
        until(lambda: are_shared([first, second], count), "the static member is back")
        assert first.revocations == revocations, "the return of a static member disturbed"
    else:
        second.close()
        until(lambda: are_shared([first], count), "the other has all again")
        second = None
    first.close()
    if second:
        second.close()
    reader = Consumer({"bootstrap.servers": address, "group.id": group})
    found = reader.committed([TopicPartition(topic, each) for each in range(count)], timeout=10)
    assert sum(each.offset for each in found) == RECORDS, found
    reader.close()


def administration(address):
    admin = AdminClient({"bootstrap.servers": address})
    group = "classic-cooperative-sticky"
    names = {each.group_id for each in admin.list_consumer_groups().result(10).valid}
    assert group in names, names
    wanted = ConsumerGroupTopicPartitions(group, [TopicPartition(group, 0, 5)])
    for change in admin.alter_consumer_group_offsets([wanted]).values():
        assert not change.result(10).topic_partitions[0].error
    for answer in admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]).values():
        assert 5 in {each.offset for each in answer.result(10).topic_partitions}
    for deletion in admin.delete_consumer_groups([group]).values():
        deletion.result(10)
    names = {each.group_id for each in admin.list_consumer_groups().result(10).valid}
    assert group not in names, names


def aiokafka(address):
    topic = "classic-aiokafka"
    count = fill(address, topic)

    async def member(seen):
        consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=address, group_id=topic, auto_offset_reset="earliest",
            session_timeout_ms=6000, heartbeat_interval_ms=300, enable_auto_commit=False)
        await consumer.start()

        async def read():
            async for record in consumer:
                seen.add((record.partition, record.offset))

        return consumer, asyncio.create_task(read())

    async def wait(is_true, what):
        deadline = time.monotonic() + 40
        while not is_true():
            assert time.monotonic() < deadline, f"{what}: not within 40 s"
            await asyncio.sleep(0.02)

    async def run():
        seen = set()
        first, reading = await member(seen)
        second, other = await member(seen)
        await wait(
            lambda: first.assignment() and second.assignment()
            and len(first.assignment() | second.assignment()) == count
            and not first.assignment() & second.assignment(), "two share")
        await wait(lambda: len(seen) == RECORDS, "all records are read")
        other.cancel()
        await second.stop()
        await wait(lambda: len(first.assignment()) == count, "the other has all")
        reading.cancel()
        await first.stop()

    asyncio.run(run())


def kafka_python(address):
    topic = "classic-kafka-python"
    count = fill(address, topic)
    consumers, stops, seen = [None, None], [False, False], set()

    def run(number):
        consumer = KafkaConsumer(
            topic, bootstrap_servers=address, group_id=topic, auto_offset_reset="earliest",
            session_timeout_ms=6000, heartbeat_interval_ms=300, enable_auto_commit=False)
        consumers[number] = consumer
        while not stops[number]:
            for records in consumer.poll(100).values():
                seen.update((record.partition, record.offset) for record in records)
        consumer.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]

    def share(number):
        return consumers[number].assignment() if consumers[number] else set()

    threads[0].start()
    until(lambda: len(share(0)) == count, "one has all")
    threads[1].start()
    until(
        lambda: share(0) and share(1) and len(share(0) | share(1)) == count
        and not share(0) & share(1), "two share")
    until(lambda: len(seen) == RECORDS, "all records are read")
    stops[1] = True
    threads[1].join()
    until(lambda: len(share(0)) == count, "the other has all")
    stops[0] = True
    threads[0].join()


def main():
    address = sys.argv[1]
    for strategy in ["range", "roundrobin", "cooperative-sticky"]:
        librdkafka(address, strategy)
        print(f"classic groups: librdkafka, {strategy}")
    administration(address)
    print("classic groups: librdkafka, administration")
    aiokafka(address)
    print("classic groups: aiokafka")
    kafka_python(address)
    print("classic groups: kafka-python")


main()
