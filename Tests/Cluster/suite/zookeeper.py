"""ZooKeeper servers that are gone."""

import time

from confluent_kafka import KafkaException
from confluent_kafka.admin import NewTopic

from cluster import Cluster
from load import Load
from registry import scenario


@scenario("one of three ZooKeeper servers is killed, and started again")
def one_zookeeper_down(cluster: Cluster, load: Load) -> None:
    server = cluster.ensemble.servers[0]
    server.kill()
    load.go_on(1000)
    cluster.create_topic(3, name="made-with-two")
    server.start()
    cluster.ensemble.wait()


@scenario("two of three are killed: leaders go on, changes are refused, all heals", short=True)
def two_zookeepers_down(cluster: Cluster, load: Load) -> None:
    gone = cluster.ensemble.servers[:2]
    for server in gone:
        server.kill()
    time.sleep(4)
    load.go_on(1000)
    assert not can_create(cluster, "made-with-one"), "a topic was made without a majority"
    load.go_on(500)
    for server in gone:
        server.start()
    cluster.ensemble.wait()
    load.go_on(500)
    cluster.create_topic(3, name="made-after-it")


@scenario("two of three are killed, and then a follower; they come back in that order")
def follower_dies_without_zookeeper(cluster: Cluster, load: Load) -> None:
    gone = cluster.ensemble.servers[:2]
    for server in gone:
        server.kill()
    time.sleep(3)
    follower = cluster.follower()
    follower.kill()
    time.sleep(3)
    for server in gone:
        server.start()
    cluster.ensemble.wait()
    load.go_on(500)
    follower.start()


@scenario("all ZooKeeper servers are killed and started again one after another")
def zookeepers_in_turn(cluster: Cluster, load: Load) -> None:
    for server in cluster.ensemble.servers:
        server.kill()
        load.go_on(300)
        server.start()
        cluster.ensemble.wait()


@scenario("the leader dies while two of three are down: it is led again when they are back")
def leader_dies_without_zookeeper(cluster: Cluster, load: Load) -> None:
    gone = cluster.ensemble.servers[:2]
    for server in gone:
        server.kill()
    time.sleep(3)
    leader = cluster.leader()
    leader.kill()
    time.sleep(3)
    for server in gone:
        server.start()
    cluster.ensemble.wait()
    load.go_on(500)
    leader.start()


def can_create(cluster: Cluster, name: str) -> bool:
    topic = NewTopic(name, num_partitions=1, replication_factor=3)
    futures = cluster.admin.create_topics([topic], operation_timeout=5, request_timeout=8)
    try:
        futures[name].result(20)
        return True
    except KafkaException:
        return False
