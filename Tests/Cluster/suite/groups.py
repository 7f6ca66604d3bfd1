"""Consumer groups whose coordinator goes."""

import threading

from confluent_kafka import Consumer, KafkaException

from cluster import Cluster
from load import Load, parse, reading
from registry import scenario


class Member:
    """A member of a group that commits what it has read; offsets must never go back."""

    def __init__(self, cluster: Cluster, group: str, problems: list[str]):
        self.problems = problems
        self.committed: dict[int, int] = {}
        self.read: set = set()
        self.ends = threading.Event()
        settings = {
            **reading(cluster, group), "session.timeout.ms": 6_000, "heartbeat.interval.ms": 500,
        }
        self.consumer = Consumer(settings)
        self.consumer.subscribe([Cluster.TOPIC], on_assign=self.assigned)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def assigned(self, consumer, partitions) -> None:
        for one in consumer.committed(partitions, timeout=60):
            before = self.committed.get(one.partition, 0)
            if max(one.offset, 0) < before:
                self.problems.append(
                    f"partition {one.partition} was committed at {before} and is at {one.offset}")
        consumer.assign(partitions)

    def run(self) -> None:
        while not self.ends.is_set():
            message = self.consumer.poll(0.1)
            if message is None or message.error() is not None:
                continue
            self.read.add(parse(message))
            if message.offset() % 20 != 0:
                continue
            try:
                for one in self.consumer.commit(message, asynchronous=False):
                    if one.error is None:
                        self.committed[one.partition] = one.offset
            except KafkaException:
                # It may or may not be kept; the next is.
                pass

    def finish(self) -> None:
        self.ends.set()
        self.thread.join()
        self.consumer.close()


@scenario("the coordinator of a group that commits is killed, three times", short=True)
def kill_coordinator(cluster: Cluster, load: Load) -> None:
    problems: list[str] = []
    member = Member(cluster, "committing", problems)
    load.go_on(1000)
    try:
        for _ in range(3):
            broker = cluster.coordinator("committing")
            broker.kill()
            load.go_on(800)
            broker.start()
            cluster.wait_in_sync("__consumer_offsets")
            cluster.wait_in_sync()
        before = len(member.read)
        load.go_on(1000)
        assert len(member.read) > before, "the group reads no more"
    finally:
        member.finish()
    assert member.committed, "nothing was committed"
    assert not problems, "\n".join(problems)
