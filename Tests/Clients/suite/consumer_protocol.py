"""Consumer groups of the newer protocol (KIP-848) with librdkafka: what no other group has.

The scenarios in `groups`, `restarts`, `crashes` and `crowds` have such groups among theirs.
"""

from confluent_kafka import (
    Consumer, ConsumerGroupState, ConsumerGroupType, KafkaException,
)
from confluent_kafka.admin import NewPartitions

import topics
from broker import Broker
from groups import Group
from members import Member, await_records, await_shares
from registry import test
from waiting import PATIENCE_SECONDS, equal, until

PROTOCOL = {"group.protocol": "consumer"}


@test()
def described(broker: Broker) -> None:
    """Such a group is listed and described as one."""
    topic = name = "848-described"
    topics.create(broker, topic, 4)
    members = [Group(broker, "librdkafka-848", name).join() for _ in range(2)]
    await_shares(members, [2, 2])
    admin = topics.admin(broker)

    def found():
        return admin.describe_consumer_groups([name])[name].result(PATIENCE_SECONDS)

    until("the group is stable", lambda: found().state == ConsumerGroupState.STABLE)
    equal(found().type, ConsumerGroupType.CONSUMER)
    owned = {
        (p.topic, p.partition) for m in found().members for p in m.assignment.topic_partitions}
    equal(owned, {(topic, p) for p in range(4)})
    for kind, expected in ((ConsumerGroupType.CONSUMER, True), (ConsumerGroupType.CLASSIC, False)):
        listed = admin.list_consumer_groups(types={kind}).result(PATIENCE_SECONDS)
        equal(name in {entry.group_id for entry in listed.valid}, expected, str(kind))
    for member in members:
        member.close()
    until("the group is empty", lambda: found().state == ConsumerGroupState.EMPTY)
    admin.delete_consumer_groups([name])[name].result(PATIENCE_SECONDS)


@test()
def pattern(broker: Broker) -> None:
    """The broker finds the topics of a pattern, also those that come later."""
    topics.create(broker, "848-pattern-1", 2)
    topics.create(broker, "848-other", 2)
    member = Member("librdkafka", broker.address, "848-pattern", ["^848-pattern-[0-9]+"], PROTOCOL)
    await_shares([member], [2])
    topics.create(broker, "848-pattern-2", 1)
    await_shares([member], [3])
    await_records([member], topics.produce(broker, "848-pattern-2", 1, 5))
    equal({topic for topic, _ in member.owned}, {"848-pattern-1", "848-pattern-2"})
    member.close()


@test()
def grows(broker: Broker) -> None:
    """Partitions that a topic gets are handed out without anyone asking."""
    topic = "848-grows"
    topics.create(broker, topic, 1)
    group = Group(broker, "librdkafka-848", topic)
    members = [group.join() for _ in range(2)]
    await_shares(members, [0, 1])
    admin = topics.admin(broker)
    admin.create_partitions([NewPartitions(topic, 4)])[topic].result(PATIENCE_SECONDS)
    await_shares(members, [2, 2])
    await_records(members, topics.produce(broker, topic, 4, 5))
    for member in members:
        member.close()


@test()
def assignors(broker: Broker) -> None:
    """The broker's own assignors are asked for by name; one that it lacks is refused."""
    for assignor in ("uniform", "range"):
        topic = f"848-{assignor}"
        topics.create(broker, topic, 5)
        config = {**PROTOCOL, "group.remote.assignor": assignor}
        members = [Member("librdkafka", broker.address, topic, [topic], config) for _ in range(2)]
        await_shares(members, [2, 3])
        for member in members:
            member.close()
    consumer = Consumer(
        {
            "bootstrap.servers": broker.address, "group.id": "848-no-such-assignor", **PROTOCOL,
            "group.remote.assignor": "no-such-assignor",
        }
    )
    consumer.subscribe(["848-uniform"])

    def refused() -> bool:
        try:
            message = consumer.poll(0.1)
        except KafkaException as error:
            return "assignor" in str(error)
        return bool(message and message.error() and "assignor" in str(message.error()))

    until("the assignor is refused", refused)
    consumer.close()


@test(seconds=120)
def protocols_change(broker: Broker) -> None:
    """An empty group may change its protocol, and keeps its offsets."""
    topic = name = "848-changes"
    topics.create(broker, topic, 2)
    everything = set()
    for kind in ("librdkafka", "librdkafka-848", "kafka-python"):
        records = topics.produce(broker, topic, 2, 10)
        everything |= records
        member = Group(broker, kind, name).join()
        await_records([member], records)
        until("all is committed", lambda: sum(member.committed.values()) == len(everything))
        member.close()
        equal(sorted(member.records), sorted(records), f"read by {kind}")
