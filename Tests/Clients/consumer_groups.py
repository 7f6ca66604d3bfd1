"""Consumer groups of the newer protocol (KIP-848), as librdkafka speaks it.

Starts a broker of its own, kills it and starts it again. Usage: … PATH-OF-MOLDAU [SCENARIO…]
"""

import collections
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from confluent_kafka import (
    Consumer,
    ConsumerGroupState,
    ConsumerGroupTopicPartitions,
    ConsumerGroupType,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic

TIMEOUT = 60


class Broker:
    """`moldau serve` on a port that stays the same when it is started again."""

    def __init__(self, moldau):
        self.moldau = moldau
        self.data = tempfile.TemporaryDirectory(prefix="moldau-groups-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % probe.getsockname()[1]
        self.process = None

    def start(self):
        command = [self.moldau, "serve", "--data", self.data.name, "--kafka", self.address]
        command += ["--consumer-heartbeat-interval", "500ms", "--consumer-session-timeout", "8s"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self.process.stdout.readline(), "the broker has not started"

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(TIMEOUT) == 0, "the broker did not stop cleanly"
        self.data.cleanup()


class Member(threading.Thread):
    """A consumer on a thread of its own, which notes what it owns and what it reads."""

    def __init__(self, broker, group, topics, **config):
        super().__init__(daemon=True)
        self.lock = threading.Lock()
        self.owned = set()
        self.read = collections.Counter()
        self.revoked = 0
        self.lost = 0
        self.errors = []
        self.closing = threading.Event()
        settings = {
            "bootstrap.servers": broker.address,
            "group.id": group,
            "group.protocol": "consumer",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
        settings.update({key.replace("_", "."): value for key, value in config.items()})
        self.consumer = Consumer(settings)
        self.consumer.subscribe(
            topics, on_assign=self.on_assign, on_revoke=self.on_revoke, on_lost=self.on_lost
        )
        self.start()

    def on_assign(self, consumer, partitions):
        with self.lock:
            self.owned |= {(p.topic, p.partition) for p in partitions}
        consumer.incremental_assign(partitions)

    def on_revoke(self, consumer, partitions):
        self.commit()
        with self.lock:
            self.revoked += len(partitions)
            self.owned -= {(p.topic, p.partition) for p in partitions}
        consumer.incremental_unassign(partitions)

    def on_lost(self, consumer, partitions):
        with self.lock:
            self.lost += len(partitions)
            self.owned -= {(p.topic, p.partition) for p in partitions}
        consumer.incremental_unassign(partitions)

    def commit(self):
        try:
            self.consumer.commit(asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() not in (
                KafkaError._NO_OFFSET,
                KafkaError.STALE_MEMBER_EPOCH,
                KafkaError.UNKNOWN_MEMBER_ID,
            ):
                self.errors.append(error)

    def run(self):
        while not self.closing.is_set():
            messages = self.consumer.consume(200, 0.2)
            for message in messages:
                if message.error():
                    if message.error().fatal():
                        self.errors.append(message.error())
                    continue
                self.read[message.value()] += 1
            if messages:
                self.commit()
        self.consumer.close()

    def stop(self):
        self.closing.set()
        self.join(TIMEOUT)
        assert not self.is_alive(), "the consumer does not close"
        assert not self.errors, self.errors

    def snapshot(self):
        with self.lock:
            return frozenset(self.owned)


def wait_until(condition, what):
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, "not in time: " + what
        time.sleep(0.05)


def create(broker, *topics):
    admin = AdminClient({"bootstrap.servers": broker.address})
    futures = admin.create_topics([NewTopic(name, count, 1) for name, count in topics])
    for future in futures.values():
        future.result(TIMEOUT)
    return admin


def produce(broker, topic, values):
    producer = Producer({"bootstrap.servers": broker.address, "acks": "all"})
    for number, value in enumerate(values):
        producer.produce(topic, key=str(number), value=value)
        producer.poll(0)
    assert producer.flush(TIMEOUT) == 0


def is_shared(members, counts, total):
    """Everyone has its count, and nobody has what another has."""
    owned = [member.snapshot() for member in members]
    union = frozenset().union(*owned)
    return sorted(map(len, owned)) == sorted(counts) and len(union) == total


def described(admin, group):
    return admin.describe_consumer_groups([group])[group].result(TIMEOUT)


def share(broker):
    """Members come and go, and share the partitions; all is read; offsets are kept."""
    admin = create(broker, ("share", 6))
    values = [b"share-%d" % n for n in range(1000)]
    produce(broker, "share", values)
    first = Member(broker, "share", ["share"])
    wait_until(lambda: is_shared([first], [6], 6), "one member has all")
    wait_until(lambda: len(first.read) == 1000, "all is read")
    others = [Member(broker, "share", ["share"]) for _ in range(2)]
    everyone = [first] + others
    wait_until(lambda: is_shared(everyone, [2, 2, 2], 6), "three share")

    group = described(admin, "share")
    assert group.type == ConsumerGroupType.CONSUMER, group.type
    assert len(group.members) == 3
    wait_until(
        lambda: described(admin, "share").state == ConsumerGroupState.STABLE, "stable"
    )
    listed = admin.list_consumer_groups(types={ConsumerGroupType.CONSUMER}).result(TIMEOUT)
    assert "share" in [entry.group_id for entry in listed.valid], listed.valid

    more = [b"more-%d" % n for n in range(600)]
    produce(broker, "share", more)
    wait_until(
        lambda: set(more) <= set().union(*(m.read for m in everyone)), "what came later is read"
    )
    others[0].stop()
    wait_until(lambda: is_shared([first, others[1]], [3, 3], 6), "two share")
    first.stop()
    wait_until(lambda: is_shared([others[1]], [6], 6), "the last has all")
    others[1].stop()
    total = sum((member.read for member in everyone), collections.Counter())
    assert set(total) == set(values + more)
    assert all(count == 1 for count in total.values()), total.most_common(3)

    request = ConsumerGroupTopicPartitions("share")
    result = admin.list_consumer_group_offsets([request])["share"].result(TIMEOUT)
    assert sum(p.offset for p in result.topic_partitions) == 1600, result.topic_partitions
    wait_until(lambda: described(admin, "share").state == ConsumerGroupState.EMPTY, "empty")
    admin.delete_consumer_groups(["share"])["share"].result(TIMEOUT)


def static(broker):
    """A static member that comes back has what it had, and the others are left alone."""
    create(broker, ("static", 4))
    members = [
        Member(broker, "static", ["static"], group_instance_id="i%d" % n) for n in range(2)
    ]
    wait_until(lambda: is_shared(members, [2, 2], 4), "two static members share")
    before = members[0].snapshot()
    other = members[1].revoked
    members[0].stop()
    again = Member(broker, "static", ["static"], group_instance_id="i0")
    wait_until(lambda: again.snapshot() == before, "the static member has its partitions again")
    assert members[1].revoked == other
    again.stop()
    members[1].stop()


def pattern(broker):
    """A pattern finds topics that come later."""
    create(broker, ("re-1", 2), ("other", 2))
    member = Member(broker, "pattern", ["^re-[0-9]+"])
    wait_until(lambda: member.snapshot() == {("re-1", 0), ("re-1", 1)}, "one topic")
    create(broker, ("re-2", 1))
    wait_until(lambda: ("re-2", 0) in member.snapshot(), "the new topic")
    produce(broker, "re-2", [b"x"])
    wait_until(lambda: b"x" in member.read, "its record")
    assert len(member.snapshot()) == 3
    member.stop()


def grow(broker):
    """Partitions that a topic gets are read."""
    admin = create(broker, ("grow", 1))
    member = Member(broker, "grow", ["grow"])
    wait_until(lambda: len(member.snapshot()) == 1, "one partition")
    from confluent_kafka.admin import NewPartitions

    for future in admin.create_partitions([NewPartitions("grow", 3)]).values():
        future.result(TIMEOUT)
    wait_until(lambda: len(member.snapshot()) == 3, "three partitions")
    member.stop()


def restart(broker):
    """The broker is killed under load: what was acknowledged is read, and members stay."""
    create(broker, ("restart", 4))
    members = [Member(broker, "restart", ["restart"]) for _ in range(2)]
    wait_until(lambda: is_shared(members, [2, 2], 4), "two share")
    acknowledged = []
    ending = threading.Event()

    def load():
        producer = Producer(
            {"bootstrap.servers": broker.address, "acks": "all", "message.timeout.ms": 60000}
        )
        number = 0
        while not ending.is_set():
            value = b"restart-%d" % number
            producer.produce(
                "restart",
                key=str(number),
                value=value,
                on_delivery=lambda error, m: None if error else acknowledged.append(m.value()),
            )
            number += 1
            producer.poll(0.001)
        producer.flush(TIMEOUT)

    thread = threading.Thread(target=load)
    thread.start()
    for _ in range(2):
        time.sleep(2)
        broker.kill()
        broker.start()
    time.sleep(8)
    ending.set()
    thread.join()
    assert len(acknowledged) > 1000, len(acknowledged)
    wait_until(
        lambda: set(acknowledged) <= set().union(*(m.read for m in members)),
        "all that was acknowledged is read",
    )
    assert [m.lost for m in members] == [0, 0], [m.lost for m in members]
    assert is_shared(members, [2, 2], 4)
    for member in members:
        member.stop()
    print("  %d acknowledged over two kills" % len(acknowledged), flush=True)


def crash(broker):
    """A member that is gone without a word is out after its session, and others have its share."""
    create(broker, ("crash", 2))
    code = (
        "import sys, confluent_kafka as k\n"
        "c = k.Consumer({'bootstrap.servers': sys.argv[1], 'group.id': 'crash',"
        " 'group.protocol': 'consumer'})\n"
        "c.subscribe(['crash'])\n"
        "while not c.assignment(): c.poll(0.1)\n"
        "print('ready', flush=True)\n"
        "while True: c.poll(0.1)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, broker.address], stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"ready\n"
    member = Member(broker, "crash", ["crash"])
    wait_until(lambda: len(member.snapshot()) == 1, "two share")
    process.kill()
    process.wait()
    wait_until(lambda: len(member.snapshot()) == 2, "the other has all")
    member.stop()


SCENARIOS = [share, static, pattern, grow, restart, crash]


def main():
    broker = Broker(sys.argv[1])
    broker.start()
    try:
        for scenario in SCENARIOS:
            if sys.argv[2:] and scenario.__name__ not in sys.argv[2:]:
                continue
            start = time.monotonic()
            scenario(broker)
            print("%s: %.1f s" % (scenario.__name__, time.monotonic() - start), flush=True)
    except BaseException:
        broker.kill()
        raise
    broker.stop()
    print("consumer groups of the newer protocol work with librdkafka")


main()
