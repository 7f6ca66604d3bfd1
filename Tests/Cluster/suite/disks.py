"""Disks that are full, damaged, or empty."""

import random
import shutil
import subprocess
import time

from confluent_kafka import ElectionType, TopicPartition

from cluster import Cluster
from load import Load
from registry import scenario
from waiting import until


def record_logs(broker) -> list:
    """The segments of the scenario's topic, the largest first."""
    found = broker.data.glob(f"{Cluster.TOPIC}-*/*.log")
    return sorted(found, key=lambda path: -path.stat().st_size)


@scenario("a follower's logs are lost while it is down", short=True)
def logs_lost(cluster: Cluster, load: Load) -> None:
    follower = cluster.follower()
    follower.kill()
    load.go_on(200)
    for folder in follower.data.glob(f"{Cluster.TOPIC}-*"):
        shutil.rmtree(folder)
    follower.start()


@scenario("the leader's whole directory is lost while it is down")
def directory_lost(cluster: Cluster, load: Load) -> None:
    leader = cluster.leader()
    leader.kill()
    load.go_on(200)
    shutil.rmtree(leader.data)
    leader.start()


@scenario("the leader's directory is lost, and it is back before its session has ended")
def directory_lost_at_once(cluster: Cluster, load: Load) -> None:
    leader = cluster.leader()
    leader.kill()
    shutil.rmtree(leader.data)
    leader.start()


@scenario("bytes in the middle of a replica's logs are changed while it is down")
def logs_damaged(cluster: Cluster, load: Load, generator: random.Random) -> None:
    broker = cluster.leader()
    broker.kill()
    for path in record_logs(broker)[:3]:
        size = path.stat().st_size
        with open(path, "r+b") as file:
            file.seek(generator.randrange(size // 4, size // 2))
            file.write(bytes(generator.randrange(256) for _ in range(64)))
    load.go_on(200)
    broker.start()


@scenario("the ends of a replica's logs are cut off while it is down")
def logs_cut(cluster: Cluster, load: Load) -> None:
    broker = cluster.leader()
    broker.kill()
    for path in record_logs(broker)[:3]:
        size = path.stat().st_size
        with open(path, "r+b") as file:
            file.truncate(size // 2)
    broker.start()


def led_by(cluster: Cluster, broker) -> list:
    return [
        TopicPartition(Cluster.TOPIC, number)
        for number, partition in cluster.partitions().items() if partition.leader == broker.number
    ]


@scenario("a leader's disk is full: others lead, and it has room again")
def disk_full(cluster: Cluster, load: Load) -> None:
    broker = cluster.leader()
    led = led_by(cluster, broker)
    broker.stop()
    kept = broker.folder / "kept"
    broker.data.rename(kept)
    broker.data.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "moldau", str(broker.data)], check=True)
    try:
        shutil.copytree(kept, broker.data, dirs_exist_ok=True)
        broker.start()
        cluster.wait_in_sync()
        cluster.admin.elect_leaders(ElectionType.PREFERRED, led).result(30)
        until("the broker leads again", lambda: len(led_by(cluster, broker)) == len(led))
        filling = broker.data / "filling"
        # Without a buffer, which could not be emptied when the file is closed.
        with open(filling, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
            except OSError:
                pass
        load.go_on(2000, seconds=90)
        until("others lead", lambda: not led_by(cluster, broker))
        time.sleep(3)
        filling.unlink()
        if broker.process.poll() is not None:
            broker.end()
            broker.start()
        load.go_on(500)
        cluster.wait_in_sync()
        broker.stop()
        shutil.rmtree(kept)
        shutil.copytree(broker.data, kept)
    finally:
        broker.remove()
        subprocess.run(["umount", str(broker.data)], check=True)
    broker.data.rmdir()
    kept.rename(broker.data)
    broker.start()
