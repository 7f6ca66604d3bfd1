"""Brokers that are killed, stopped, held up and started again."""

import random
import time

from cluster import Cluster
from load import Load
from registry import scenario


@scenario("the leader is killed, and started again", short=True)
def kill_leader(cluster: Cluster, load: Load) -> None:
    broker = cluster.leader()
    broker.kill()
    load.go_on(500)
    broker.start()


@scenario("a follower is killed, and started again")
def kill_follower(cluster: Cluster, load: Load) -> None:
    broker = cluster.follower()
    broker.kill()
    load.go_on(500)
    broker.start()


@scenario("the controller is killed, and started again", short=True)
def kill_controller(cluster: Cluster, load: Load) -> None:
    broker = cluster.controller()
    broker.kill()
    load.go_on(500)
    broker.start()


@scenario("each leader in turn is killed and started again as soon as it is dead")
def kill_leaders_at_once(cluster: Cluster, load: Load) -> None:
    for _ in range(6):
        broker = cluster.leader()
        broker.kill()
        broker.start()
        load.go_on(200)
        cluster.wait_in_sync()


@scenario("all brokers are killed at once, and started again", short=True)
def kill_all(cluster: Cluster, load: Load) -> None:
    for broker in cluster.brokers.values():
        broker.kill()
    for broker in cluster.brokers.values():
        broker.start(waits=False)
    load.go_on(500)


@scenario("two of three are killed: nothing is acknowledged until one is back")
def kill_two(cluster: Cluster, load: Load) -> None:
    leader = cluster.leader()
    others = [broker for broker in cluster.brokers.values() if broker is not leader]
    for broker in others:
        broker.kill()
    time.sleep(6)
    before = load.history.acknowledged_count
    time.sleep(3)
    assert load.history.acknowledged_count == before, "one replica alone has acknowledged records"
    for broker in others:
        broker.start(waits=False)
    load.go_on(500)


@scenario("the leader is held up past its session, and goes on", short=True)
def hold_leader(cluster: Cluster, load: Load) -> None:
    broker = cluster.leader()
    broker.hold()
    time.sleep(5)
    load.go_on(300)
    broker.go_on()


@scenario("the controller is held up past its session, and goes on")
def hold_controller(cluster: Cluster, load: Load) -> None:
    broker = cluster.controller()
    broker.hold()
    time.sleep(5)
    load.go_on(300)
    broker.go_on()


@scenario("a follower is held up past the replica lag, and goes on")
def hold_follower(cluster: Cluster, load: Load) -> None:
    broker = cluster.follower()
    broker.hold()
    time.sleep(6)
    load.go_on(300)
    broker.go_on()


@scenario("the brokers are stopped and started again one after another", short=True)
def rolling_restart(cluster: Cluster, load: Load) -> None:
    for broker in cluster.brokers.values():
        broker.stop()
        load.go_on(200)
        broker.start()
        cluster.wait_in_sync()


@scenario("whatever comes to the mind of a generator, for a minute")
def anything(cluster: Cluster, load: Load, generator: random.Random) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        broker = generator.choice(list(cluster.brokers.values()))
        kind = generator.choice(["kill", "hold", "stop", "part", "cut"])
        if kind == "hold":
            broker.hold()
            time.sleep(generator.uniform(0.5, 5))
            broker.go_on()
        elif kind == "kill":
            broker.kill()
            time.sleep(generator.uniform(0, 4))
            broker.start()
        elif kind == "stop":
            broker.stop()
            time.sleep(generator.uniform(0, 4))
            broker.start()
        else:
            others = [host for host in cluster.network.hosts.values() if host is not broker.host]
            for host in generator.sample(others, generator.randint(1, len(others))):
                if kind == "part" or generator.random() < 0.5:
                    cluster.network.cut(host, broker.host)
                if kind == "part" or generator.random() < 0.5:
                    cluster.network.cut(broker.host, host)
            time.sleep(generator.uniform(0.5, 5))
            cluster.network.heal()
        load.go_on(100, seconds=90)
