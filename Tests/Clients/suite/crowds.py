"""Many groups, and many members of one."""

import functools

from confluent_kafka import Consumer

import topics
from broker import Broker
from registry import add, test
from waiting import PATIENCE_SECONDS, equal, until

GROUPS = 200
MEMBERS = 100


def joined(broker: Broker, group: str, topic: str, config: dict) -> Consumer:
    client = Consumer(
        {
            "bootstrap.servers": broker.address, "group.id": group, "auto.offset.reset": "earliest",
            "enable.auto.commit": False, **config,
        }
    )
    client.subscribe([topic])
    return client


@test(seconds=120)
def many_groups(broker: Broker) -> None:
    topic = "crowds-groups"
    topics.create(broker, topic, 1)
    topics.produce(broker, topic, 1, 1)
    members = [joined(broker, f"crowd-{n}", topic, {}) for n in range(GROUPS)]
    waiting = set(members)

    def step() -> bool:
        for member in list(waiting):
            message = member.poll(0)
            if message and not message.error():
                member.commit(message, asynchronous=False)
                waiting.discard(member)
        return not waiting

    until(lambda: f"the record for {len(waiting)} groups", step, seconds=90)
    admin = topics.admin(broker)
    listed = admin.list_consumer_groups().result(PATIENCE_SECONDS)
    names = {found.group_id for found in listed.valid}
    equal({f"crowd-{n}" for n in range(GROUPS)} - names, set(), "groups that are not listed")
    for member in members:
        member.close()
    futures = admin.delete_consumer_groups([f"crowd-{n}" for n in range(GROUPS)])
    for future in futures.values():
        future.result(PATIENCE_SECONDS)


def many_members(broker: Broker, protocol: str) -> None:
    """Members that all come at once share what there is, and again when half of them go."""
    # A hundred members are heard of less often, and may be slow on a busy machine.
    flags = {"--consumer-heartbeat-interval": "2s", "--consumer-session-timeout": "60s"}
    topic = group = f"crowds-{protocol}"
    config: dict = {"group.protocol": protocol, "log_level": 3}
    if protocol == "classic":
        config |= {"heartbeat.interval.ms": 2000, "session.timeout.ms": 60_000}
    with Broker(broker.moldau, flags).start() as own:
        topics.create(own, topic, 2 * MEMBERS)
        members = [joined(own, group, topic, config) for _ in range(MEMBERS)]

        def shared(count: int) -> bool:
            owned = []
            for member in members:
                member.poll(0)
                owned += [(p.topic, p.partition) for p in member.assignment()]
            counts = {len(member.assignment()) for member in members}
            return len(owned) == len(set(owned)) == 2 * MEMBERS and counts == {count}

        until("two partitions for each", lambda: shared(2), seconds=100)
        for member in members[MEMBERS // 2:]:
            member.close()
        del members[MEMBERS // 2:]
        until("four partitions for each", lambda: shared(4), seconds=100)
        for member in members:
            member.close()
        print(f"{own.processor_seconds():.1f} s of processor time")


for _protocol in ("classic", "consumer"):
    add(
        f"crowds.many_members.{_protocol}",
        functools.partial(many_members, protocol=_protocol), 220,
    )
