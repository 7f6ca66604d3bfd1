"""Consumer groups: the same scenarios with every client, and with all of them in one group."""

import functools

from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient

import topics
from broker import Broker
from members import Member, await_records, await_shares
from registry import add, test
from waiting import PATIENCE_SECONDS, equal, until

# Names of clients, each with its group protocol: the last is KIP-848's.
CLIENTS = {
    "librdkafka": ("librdkafka", {}),
    "kafka-python": ("kafka-python", {}),
    "aiokafka": ("aiokafka", {}),
    "kcat": ("kcat", {}),
    "librdkafka-848": ("librdkafka", {"group.protocol": "consumer"}),
}

ASSIGNORS = {
    "librdkafka": ["range", "roundrobin", "cooperative-sticky"],
    "kafka-python": ["range", "roundrobin", "sticky", "cooperative-sticky"],
    "aiokafka": ["range", "roundrobin", "sticky"],
    "kcat": ["range", "roundrobin"],
}


class Group:
    """A group of members of one client."""

    def __init__(self, broker: Broker, kind: str, name: str, read: list[str] | None = None):
        self.client, self.config = CLIENTS[kind]
        self.address = broker.address
        self.name = name
        self.topics = read or [name]

    def join(self, **settings: object) -> Member:
        return Member(self.client, self.address, self.name, self.topics, self.config, **settings)


def committed(broker: Broker, group: str) -> dict[tuple[str, int], int]:
    """The offsets that a group has committed."""
    admin: AdminClient = topics.admin(broker)
    asked = ConsumerGroupTopicPartitions(group)
    found = admin.list_consumer_group_offsets([asked])[group].result(PATIENCE_SECONDS)
    return {(p.topic, p.partition): p.offset for p in found.topic_partitions}


def shares(broker: Broker, kind: str, name: str) -> None:
    """Four partitions, two members: two each; who leaves gives up its own, who comes gets some."""
    topics.create(broker, name, 4)
    early = topics.produce(broker, name, 4, 50)
    group = Group(broker, kind, name)
    first = group.join()
    await_shares([first], [4])
    second = group.join()
    await_shares([first, second], [2, 2])
    await_records([first, second], early)

    # Nothing moves now, so that each record is read once, and by its partition's owner.
    owners = {first: first.owned, second: second.owned}
    late = topics.produce(broker, name, 4, 50)
    await_records([first, second], late)
    for member, owned in owners.items():
        read = [record for record in member.records if record in late]
        expected = sorted(record for record in late if record[:2] in owned)
        equal(sorted(read), expected, f"read by {member!r}")
        for partition in {record[:2] for record in read}:
            offsets = [record[2] for record in read if record[:2] == partition]
            equal(offsets, sorted(offsets), f"the order of {partition}")

    expected = {(name, p): 100 for p in range(4)}
    until("all is committed", lambda: committed(broker, name) == expected)
    first.close()
    await_shares([second], [4])
    third = group.join()
    await_shares([second, third], [2, 2])
    again = [record for record in third.records if record in early | late]
    equal(again, [], "read a second time, though it was committed")
    second.close()
    third.close()


def idle(broker: Broker, kind: str, name: str) -> None:
    """More members than partitions: the rest idle, until there is something for them."""
    topics.create(broker, name, 2)
    group = Group(broker, kind, name)
    members = [group.join() for _ in range(3)]
    await_shares(members, [1, 1, 0])
    busy = next(member for member in members if member.owned)
    busy.close()
    members.remove(busy)
    await_shares(members, [1, 1])
    for member in members:
        member.close()


def dies(broker: Broker, kind: str, name: str) -> None:
    """A member that dies without a word: its partitions move after the session timeout."""
    topics.create(broker, name, 4)
    group = Group(broker, kind, name)
    members = [group.join(session=3) for _ in range(2)]
    await_shares(members, [2, 2])
    dead, alive = members
    dead.kill()
    records = topics.produce(broker, name, 4, 10)
    await_shares([alive], [4])
    await_records([alive], records)
    alive.close()


def static(broker: Broker, kind: str, name: str) -> None:
    """A static member that comes back within its session has what it had, and none other moves.

    It has died without a word; KIP-848 demands one, though, before another may take its name.
    """
    topics.create(broker, name, 4)
    group = Group(broker, kind, name)
    members = [group.join(instance=f"{name}-{number}") for number in range(2)]
    await_shares(members, [2, 2])
    gone, other = members
    owned, count = gone.owned, other.assignment_count
    if group.config:
        gone.close()
    else:
        gone.kill()
    again = group.join(instance=f"{name}-0")
    until(lambda: f"{owned} again for {again!r}", lambda: again.owned == owned)
    records = topics.produce(broker, name, 4, 10)
    await_records([again, other], records)
    equal(other.assignment_count, count, f"assignments of the one that has stayed: {other!r}")
    again.close()
    other.close()


def assigned_by(broker: Broker, kind: str, name: str, assignor: str) -> None:
    """An assignor's partitions of two topics, with members that come and go one by one."""
    read = [name + "-a", name + "-b"]
    for topic in read:
        topics.create(broker, topic, 3)
    group = Group(broker, kind, name, read)
    first = group.join(assignor=assignor)
    await_shares([first], [6])
    second = group.join(assignor=assignor)
    await_shares([first, second], [4, 2] if assignor == "range" else [3, 3])
    if assignor == "cooperative-sticky":
        # What stays is never given up.
        equal(len(first.revoked), 3, f"revoked from {first!r}")
    third = group.join(assignor=assignor)
    await_shares([first, second, third], [2, 2, 2])
    if assignor == "cooperative-sticky":
        equal(len(first.revoked), 4, f"revoked from {first!r}")
    records = set().union(*(topics.produce(broker, topic, 3, 20) for topic in read))
    await_records([first, second, third], records)
    first.close()
    await_shares([second, third], [4, 2] if assignor == "range" else [3, 3])
    second.close()
    third.close()


# On a busy machine a member of kafka-python 3.0 that has no partition may spin within poll() and
# never send another heartbeat, so that it is none for long.
OMITTED = {("idle", "kafka-python")}

for _scenario in (shares, idle, dies, static):
    for _kind in CLIENTS:
        if (_scenario.__name__, _kind) not in OMITTED:
            _name = f"groups.{_scenario.__name__}.{_kind}"
            add(_name, functools.partial(_scenario, kind=_kind, name=_name), 120)

for _kind, _assignors in ASSIGNORS.items():
    for _assignor in _assignors:
        _name = f"groups.assignor.{_assignor}.{_kind}"
        add(_name, functools.partial(
            assigned_by, kind=_kind, name=_name, assignor=_assignor), 120)


@test(seconds=120)
def all_clients_in_one(broker: Broker) -> None:
    """Clients of four kinds share one group."""
    name = "groups.all_clients_in_one"
    kinds = ["librdkafka", "kafka-python", "aiokafka", "kcat"]
    topics.create(broker, name, 8)
    members = [Group(broker, kind, name).join(assignor="range") for kind in kinds]
    await_shares(members, [2, 2, 2, 2])
    await_records(members, topics.produce(broker, name, 8, 20))
    leaving = members.pop(0)
    leaving.close()
    await_shares(members, [2, 3, 3])
    await_records(members, topics.produce(broker, name, 8, 20))
    for member in members:
        member.close()


@test(seconds=120)
def goes_on_where_another_ended(broker: Broker) -> None:
    """What one client has committed, another one goes on from."""
    name = "groups.goes_on"
    topics.create(broker, name, 2)
    for round_number, kind in enumerate(["aiokafka", "kcat", "librdkafka", "kafka-python"]):
        records = topics.produce(broker, name, 2, 25)
        member = Group(broker, kind, name).join()
        await_records([member], records)
        expected = {(name, p): 25 * (round_number + 1) for p in range(2)}
        if kind != "kcat":  # which commits as it closes
            until("all is committed", lambda: committed(broker, name) == expected)
        member.close()
        equal(committed(broker, name), expected, f"committed by {kind}")
        equal(sorted(member.records), sorted(records), f"read by {kind}")


@test(seconds=120)
def member_removed(broker: Broker) -> None:
    """An administrator removes a static member that will not come back."""
    from kafka.admin import KafkaAdminClient, MemberToRemove

    name = "groups.member_removed"
    topics.create(broker, name, 4)
    group = Group(broker, "librdkafka", name)
    members = [group.join(instance=f"{name}-{number}", session=300) for number in range(2)]
    await_shares(members, [2, 2])
    members[0].kill()
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.remove_group_members(name, [MemberToRemove(group_instance_id=f"{name}-0")])
    admin.close()
    await_shares([members[1]], [4])
    members[1].close()
