"""A broker that is stopped in good order and started again."""

import functools

import topics
from broker import Broker
from groups import CLIENTS, Group, committed
from load import LOADS, Load, await_progress, check_log
from members import await_records, await_shares
from registry import add, test
from waiting import equal, until


def producer_goes_on(broker: Broker, kind: type[Load]) -> None:
    """An idempotent producer does not notice restarts: nothing is lost, nothing is there twice."""
    topic = "restarts"
    with Broker(broker.moldau).start() as own:
        topics.create(own, topic, 3)
        load = kind(own, topic, 3)
        for _ in range(3):
            await_progress([load], 200)
            own.stop()
            own.start()
        await_progress([load], 200)
        load.end()
        check_log(own, [load])


for _kind in LOADS:
    add(f"restarts.producer.{_kind.name}", functools.partial(producer_goes_on, kind=_kind), 120)


def group_goes_on(broker: Broker, kind: str) -> None:
    """The members of a group stay over a restart, and go on where they were."""
    topic = group = "restarts"
    with Broker(broker.moldau).start() as own:
        topics.create(own, topic, 4)
        records = topics.produce(own, topic, 4, 50)
        members = [Group(own, kind, group, [topic]).join() for _ in range(2)]
        await_shares(members, [2, 2])
        await_records(members, records)
        expected = {(topic, p): 50 for p in range(4)}
        until("all is committed", lambda: committed(own, group) == expected)
        own.stop()
        own.start()
        equal(committed(own, group), expected)
        records |= topics.produce(own, topic, 4, 50)
        await_records(members, records)
        await_shares(members, [2, 2])
        for member in members:
            member.close()
            equal(member.read_again, [])
        equal(committed(own, group), {(topic, p): 100 for p in range(4)})
        own.stop()
        own.start()
        equal(committed(own, group), {(topic, p): 100 for p in range(4)})


# kcat ends when its broker is away.
for _name in sorted(CLIENTS.keys() - {"kcat"}):
    add(f"restarts.group.{_name}", functools.partial(group_goes_on, kind=_name), 120)


@test(seconds=60)
def topics_stay(broker: Broker) -> None:
    """Topics, their ids, settings, records and what was deleted of them outlive a restart."""
    import confluent_kafka as rdkafka
    from confluent_kafka.admin import ConfigResource, NewPartitions, ResourceType

    with Broker(broker.moldau).start() as own:
        topics.create(own, "kept", 2, retention_ms="7200000", max_message_bytes="2000000")
        topics.create(own, "deleted", 2)
        topics.produce(own, "kept", 2, 30)
        topics.produce(own, "deleted", 2, 30)
        admin = topics.admin(own)
        admin.delete_topics(["deleted"])["deleted"].result(30)
        admin.create_partitions([NewPartitions("kept", 3)])["kept"].result(30)
        cut = rdkafka.TopicPartition("kept", 0, 12)
        admin.delete_records([cut])[cut].result(30)

        def state() -> tuple:
            described = admin.describe_topics(rdkafka.TopicCollection(["kept"]))["kept"].result(30)
            asked = ConfigResource(ResourceType.TOPIC, "kept")
            configs = admin.describe_configs([asked])[asked].result(30)
            found = topics.read_all(own, "kept", 3)
            return (
                str(described.topic_id),
                sorted((name, entry.value, entry.source) for name, entry in configs.items()),
                {p: [m.offset() for m in messages] for p, messages in found.items()},
                sorted(n for n in admin.list_topics(timeout=30).topics if not n.startswith("__")),
            )

        before = state()
        equal(before[2], {0: list(range(12, 30)), 1: list(range(30)), 2: []})
        assert "deleted" not in before[3], before[3]
        own.stop()
        own.start()
        equal(state(), before)
        own.kill()
        own.start()
        equal(state(), before)
