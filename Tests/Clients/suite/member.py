"""The program of one member of a consumer group, in a process that a test can kill.

Usage: member.py JSON, with the keys client, address, group, topics and config (the client's own
settings). Reads its topics from the beginning and commits what it has read after each batch. Prints
JSON lines: {"assigned": [[topic, partition]…]}, all that it owns after a change; {"revoked": …},
what was taken from it; {"records": [[topic, partition, offset]…]}; {"committed": the same}, where a
commit that was acknowledged has the next offset to read; {"refused": error}, a commit that came to
nothing. Closes its client and ends when its input ends.
"""

import asyncio
import json
import sys
import threading


def say(event: str, value: object) -> None:
    print(json.dumps({event: value}), flush=True)


def pairs(partitions) -> list[list]:
    return sorted([p.topic, p.partition] for p in partitions)


def told_to_end() -> threading.Event:
    """Is set when the input ends."""
    ending = threading.Event()

    def watch() -> None:
        sys.stdin.read()
        ending.set()

    threading.Thread(target=watch, daemon=True).start()
    return ending


def librdkafka(address: str, group: str, topics: list[str], config: dict) -> None:
    from confluent_kafka import Consumer, KafkaException, TopicPartition

    ending = told_to_end()
    owned: set[tuple[str, int]] = set()

    def on_assign(consumer, partitions):
        owned.update((p.topic, p.partition) for p in partitions)
        say("assigned", sorted(owned))

    def on_revoke(consumer, partitions):
        say("revoked", pairs(partitions))
        owned.difference_update((p.topic, p.partition) for p in partitions)
        say("assigned", sorted(owned))

    consumer = Consumer(
        {
            "bootstrap.servers": address, "group.id": group, "enable.auto.commit": False,
            "auto.offset.reset": "earliest", **config,
        }
    )
    consumer.subscribe(topics, on_assign=on_assign, on_revoke=on_revoke, on_lost=on_revoke)
    while not ending.is_set():
        messages = [m for m in consumer.consume(200, 0.1) if not m.error()]
        if messages:
            say("records", [[m.topic(), m.partition(), m.offset()] for m in messages])
            ends = {(m.topic(), m.partition()): m.offset() + 1 for m in messages}
            try:
                done = consumer.commit(
                    offsets=[TopicPartition(*where, offset) for where, offset in ends.items()],
                    asynchronous=False,
                )
                say("committed", [[p.topic, p.partition, p.offset] for p in done if not p.error])
            except KafkaException as error:
                say("refused", str(error))
    consumer.close()


def kafka_python(address: str, group: str, topics: list[str], config: dict) -> None:
    import kafka
    import kafka.errors
    from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
    from kafka.coordinator.assignors.range import RangePartitionAssignor
    from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
    from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

    assignors = {
        "range": RangePartitionAssignor, "roundrobin": RoundRobinPartitionAssignor,
        "sticky": StickyPartitionAssignor, "cooperative-sticky": CooperativeStickyAssignor,
    }
    ending = told_to_end()
    if "assignor" in config:
        config["partition_assignment_strategy"] = [assignors[config.pop("assignor")]]
    consumer = kafka.KafkaConsumer(
        bootstrap_servers=address, group_id=group, enable_auto_commit=False,
        auto_offset_reset="earliest", **config,
    )

    class Listener(kafka.ConsumerRebalanceListener):
        def on_partitions_assigned(self, assigned):
            say("assigned", pairs(consumer.assignment()))

        def on_partitions_revoked(self, revoked):
            say("revoked", pairs(revoked))

    consumer.subscribe(topics, listener=Listener())
    while not ending.is_set():
        for partition, messages in consumer.poll(timeout_ms=100).items():
            say("records", [[m.topic, m.partition, m.offset] for m in messages])
            end = messages[-1].offset + 1
            try:
                consumer.commit({partition: kafka.OffsetAndMetadata(end, "", -1)})
                say("committed", [[partition.topic, partition.partition, end]])
            except kafka.errors.KafkaError as error:
                say("refused", repr(error))
    consumer.close()


def with_aiokafka(address: str, group: str, topics: list[str], config: dict) -> None:
    import aiokafka
    import aiokafka.errors
    from aiokafka.coordinator.assignors.range import RangePartitionAssignor
    from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
    from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

    assignors = {
        "range": RangePartitionAssignor, "roundrobin": RoundRobinPartitionAssignor,
        "sticky": StickyPartitionAssignor,
    }
    if "assignor" in config:
        config["partition_assignment_strategy"] = [assignors[config.pop("assignor")]]

    class Listener(aiokafka.ConsumerRebalanceListener):
        async def on_partitions_assigned(self, assigned):
            say("assigned", pairs(assigned))

        async def on_partitions_revoked(self, revoked):
            say("revoked", pairs(revoked))

    async def read() -> None:
        ending = told_to_end()
        consumer = aiokafka.AIOKafkaConsumer(
            bootstrap_servers=address, group_id=group, enable_auto_commit=False,
            auto_offset_reset="earliest", **config,
        )
        consumer.subscribe(topics, listener=Listener())
        await consumer.start()
        while not ending.is_set():
            for partition, messages in (await consumer.getmany(timeout_ms=100)).items():
                say("records", [[m.topic, m.partition, m.offset] for m in messages])
                end = messages[-1].offset + 1
                try:
                    await consumer.commit({partition: end})
                    say("committed", [[partition.topic, partition.partition, end]])
                except aiokafka.errors.KafkaError as error:
                    say("refused", repr(error))
        await consumer.stop()

    asyncio.run(read())


PROGRAMS = {"librdkafka": librdkafka, "kafka-python": kafka_python, "aiokafka": with_aiokafka}


def main() -> None:
    asked = json.loads(sys.argv[1])
    program = PROGRAMS[asked.pop("client")]
    program(**asked)


main()
