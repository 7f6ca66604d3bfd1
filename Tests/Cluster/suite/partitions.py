"""Networks that let nothing through, in one direction or both."""

import time

from cluster import Cluster
from load import Load
from registry import scenario


def others(cluster: Cluster, broker) -> list:
    return [one for one in cluster.brokers.values() if one is not broker]


@scenario("nothing that the leader sends reaches the other brokers", short=True)
def leader_unheard(cluster: Cluster, load: Load) -> None:
    leader = cluster.leader()
    for broker in others(cluster, leader):
        cluster.network.cut(leader.host, broker.host)
    time.sleep(6)
    cluster.network.heal()
    load.go_on(500)


@scenario("nothing that the other brokers send reaches the leader")
def leader_deaf(cluster: Cluster, load: Load) -> None:
    leader = cluster.leader()
    for broker in others(cluster, leader):
        cluster.network.cut(broker.host, leader.host)
    time.sleep(6)
    cluster.network.heal()
    load.go_on(500)


@scenario("the leader is cut off from ZooKeeper, and from nobody else")
def leader_without_zookeeper(cluster: Cluster, load: Load) -> None:
    leader = cluster.leader()
    for server in cluster.ensemble.servers:
        cluster.network.part(leader.host, server.host)
    time.sleep(5)
    load.go_on(300)
    cluster.network.heal()


@scenario("ZooKeeper hears the leader no more, while the leader hears ZooKeeper")
def leader_unheard_by_zookeeper(cluster: Cluster, load: Load) -> None:
    leader = cluster.leader()
    for server in cluster.ensemble.servers:
        cluster.network.cut(leader.host, server.host)
    time.sleep(5)
    load.go_on(300)
    cluster.network.heal()


@scenario("the leader is cut off from all but its clients")
def leader_alone(cluster: Cluster, load: Load) -> None:
    leader = cluster.leader()
    for host in cluster.network.hosts.values():
        if host is not leader.host:
            cluster.network.part(leader.host, host)
    time.sleep(5)
    load.go_on(300)
    cluster.network.heal()


@scenario("the controller is cut off from the other brokers, not from ZooKeeper")
def controller_alone(cluster: Cluster, load: Load) -> None:
    controller = cluster.controller()
    for broker in others(cluster, controller):
        cluster.network.part(controller.host, broker.host)
    time.sleep(6)
    cluster.network.heal()
    load.go_on(500)


@scenario("a follower is cut off from the leader, and from nobody else")
def follower_cut_off(cluster: Cluster, load: Load) -> None:
    leader, follower = cluster.leader(), cluster.follower()
    cluster.network.part(leader.host, follower.host)
    time.sleep(5)
    load.go_on(300)
    cluster.network.heal()
