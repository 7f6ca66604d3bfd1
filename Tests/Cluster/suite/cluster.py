"""Three brokers and three ZooKeeper servers."""

import functools
import hashlib
import json
import os
import pathlib
import shutil
import tempfile
import urllib.request

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from ensemble import Ensemble
from network import Host, Network
from server import Server
from waiting import until


class Broker(Server):
    def __init__(
        self, host: Host, folder: pathlib.Path, number: int, cluster: "Cluster"
    ):
        super().__init__(host, folder)
        self.number = number
        self.cluster = cluster
        self.data = folder / "data"

    @property
    def address(self) -> str:
        return f"{self.host.address}:9092"

    def command(self) -> list[str]:
        return [
            self.cluster.moldau, "serve", "--json", "--log-level", "info",
            "--node-id", str(self.number), "--cluster", self.cluster.ensemble.address,
            "--data", str(self.data), "--kafka", self.address,
            "--replication", f"{self.host.address}:9093", "--admin", f"{self.host.address}:9094",
            *(part for flag in self.cluster.flags.items() for part in flag),
        ]

    def start(self, waits: bool = True) -> None:
        super().start()
        if waits:
            line = self.process.stdout.readline()
            assert line, f"broker {self.number} has not started:\n{self.tail()}"
            json.loads(line)


    def metric(self, name: str) -> float:
        """A figure of /metrics without labels."""
        with urllib.request.urlopen(
            f"http://{self.host.address}:9094/metrics", timeout=10) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(name + " "):
                    return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"/metrics of broker {self.number} has no {name}")

    @property
    def is_ready(self) -> bool:
        """Whether the cluster has taken it in."""
        try:
            with urllib.request.urlopen(f"http://{self.host.address}:9094/readyz", timeout=5):
                return True
        except OSError:
            return False


class Cluster:
    """The cluster, with a topic for the records of a scenario."""

    # Sessions that a test can wait for.
    FLAGS = {
        "--session-timeout": "2s", "--replica-lag": "2s", "--rebalance-delay": "0",
        "--min-session-timeout": "1s",
    }
    TOPIC = "records"

    def __init__(self, moldau: str, flags: dict[str, str] | None = None, count: int = 3):
        self.moldau = os.path.abspath(moldau)
        self.flags = {**self.FLAGS, **(flags or {})}
        self.network = Network()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="moldau-cluster-"))
        self.count = count

    def __enter__(self) -> "Cluster":
        self.network.__enter__()
        try:
            self.ensemble = Ensemble(self.network, self.folder)
            self.brokers = {
                number: Broker(
                    self.network.host(f"broker{number}"), self.folder / f"broker{number}", number,
                    self)
                for number in range(1, self.count + 1)
            }
            self.ensemble.start()
            for broker in self.brokers.values():
                broker.start(waits=False)
            for broker in self.brokers.values():
                line = broker.process.stdout.readline()
                assert line, f"broker {broker.number} has not started:\n{broker.tail()}"
            until(
                "all brokers are in the cluster",
                lambda: all(broker.is_ready for broker in self.brokers.values()))
        except BaseException:
            self.__exit__(AssertionError, None, None)
            raise
        return self

    def __exit__(self, kind: object, _value: object, _trace: object) -> None:
        """A scenario that has failed shows what the brokers have logged."""
        try:
            if kind is not None:
                for broker in getattr(self, "brokers", {}).values():
                    print(f"--- the end of the log of broker {broker.number}:", flush=True)
                    print(broker.tail(), flush=True)
        finally:
            for broker in getattr(self, "brokers", {}).values():
                broker.remove()
            if hasattr(self, "ensemble"):
                self.ensemble.remove()
            self.network.__exit__()
            shutil.rmtree(self.folder, ignore_errors=True)

    def check_metrics(self) -> None:
        """The brokers' figures agree with what clients are told."""
        topics = self.admin.list_topics(timeout=20).topics
        led = sum(len(topic.partitions) for topic in topics.values())

        def add_up() -> bool:
            return (
                self.total("moldau_replicas_led") == led
                and self.total("moldau_cluster_controller") == 1
                and self.total("moldau_replicas_under_replicated") == 0
                and self.total("moldau_replicas_offline") == 0)

        until("the brokers' metrics add up", add_up)

    def total(self, name: str) -> float:
        return sum(broker.metric(name) for broker in self.brokers.values())

    def stop(self) -> None:
        """Stops all brokers, in good order."""
        for broker in self.brokers.values():
            broker.ask_to_stop()
        for broker in self.brokers.values():
            broker.wait_for_end()

    def differing_replicas(self, name: str = TOPIC) -> list[str]:
        """Partitions whose replicas do not hold the same bytes; once all brokers are stopped."""
        contents: dict[str, set[bytes]] = {}
        for broker in self.brokers.values():
            for folder in broker.data.glob(f"{name}-*"):
                digest = hashlib.sha256()
                for path in sorted(folder.glob("*.log")):
                    digest.update(path.read_bytes())
                contents.setdefault(folder.name, set()).add(digest.digest())
        return sorted(folder for folder, digests in contents.items() if len(digests) > 1)

    # What clients see

    @property
    def bootstrap(self) -> str:
        return ",".join(broker.address for broker in self.brokers.values())

    @functools.cached_property
    def admin(self) -> AdminClient:
        return self.new_admin()

    def new_admin(self) -> AdminClient:
        return AdminClient({
            "bootstrap.servers": self.bootstrap, "log_level": 0, "error_cb": lambda _: None,
            "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 200,
        })

    def create_topic(self, partitions: int = 6, name: str = TOPIC, **settings: str) -> None:
        topic = NewTopic(
            name, num_partitions=partitions, replication_factor=3,
            config={"min.insync.replicas": "2", **settings})
        for future in self.admin.create_topics([topic], operation_timeout=30).values():
            future.result(60)

    def partitions(self, name: str = TOPIC) -> dict:
        """What a broker says of the topic's partitions, by number."""
        return self.admin.list_topics(name, timeout=20).topics[name].partitions

    def leader(self, partition: int = 0, name: str = TOPIC) -> Broker:
        """Who leads a partition; waits until someone does."""
        found: list[int] = []

        def has_leader() -> bool:
            leader = self.partitions(name)[partition].leader
            found[:] = [leader]
            return leader in self.brokers

        until(f"{name}-{partition} has a leader", has_leader)
        return self.brokers[found[0]]

    def follower(self, partition: int = 0) -> Broker:
        """One who follows in a partition."""
        leader = self.leader(partition).number
        return self.brokers[next(number for number in self.brokers if number != leader)]

    def controller(self) -> Broker:
        return self.brokers[self.admin.describe_cluster().result(20).controller.id]

    def coordinator(self, group: str) -> Broker:
        """Who coordinates a group. Asked anew: an administration client keeps what it was told."""
        found: list[int] = []

        def is_known() -> bool:
            admin = self.new_admin()
            try:
                description = admin.describe_consumer_groups([group], request_timeout=5)
                found[:] = [description[group].result(10).coordinator.id]
                return True
            except (KafkaException, TimeoutError):
                return False

        until(f"{group} has a coordinator", is_known)
        return self.brokers[found[0]]

    def wait_in_sync(self, name: str = TOPIC, seconds: float = 60) -> float:
        """Returns when all replicas of all partitions are in sync, and how long that took."""

        def in_sync() -> bool:
            return all(
                one.leader >= 0 and len(one.isrs) == len(one.replicas)
                for one in self.partitions(name).values())

        return until("all replicas are in sync", in_sync, seconds)
