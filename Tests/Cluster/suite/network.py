"""Hosts on one machine: network namespaces on a bridge, between which packets can be dropped."""

import itertools
import os
import subprocess

PREFIX = "10.97.0."
# A namespace that was deleted may take a while to go, and its end of a link with it.
port_numbers = itertools.count(1)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


class Host:
    """A network namespace with an address."""

    def __init__(self, name: str, number: int):
        self.name = name
        self.port = f"port{next(port_numbers)}"
        self.namespace = f"moldau-{os.getpid()}-{self.port}"
        self.address = f"{PREFIX}{number}"

    def command(self, *arguments: str) -> list[str]:
        """What runs a command on this host; it keeps the process's id."""
        return ["ip", "netns", "exec", self.namespace, *arguments]

    def iptables(self, *arguments: str) -> None:
        subprocess.run(self.command("iptables", "-w", *arguments), check=True, capture_output=True)


class Network:
    """The bridge on which the hosts are; this process is on it too."""

    def __init__(self):
        self.hosts: dict[str, Host] = {}
        self.own_address = PREFIX + "254"

    def __enter__(self) -> "Network":
        ip("link", "set", "lo", "up")
        ip("link", "add", "bridge", "type", "bridge")
        ip("addr", "add", self.own_address + "/24", "dev", "bridge")
        ip("link", "set", "bridge", "up")
        return self

    def __exit__(self, *_: object) -> None:
        for host in self.hosts.values():
            subprocess.run(["ip", "netns", "del", host.namespace], capture_output=True)
        subprocess.run(["ip", "link", "del", "bridge"], capture_output=True)

    def host(self, name: str) -> Host:
        """Adds a host."""
        number = len(self.hosts) + 1
        host = Host(name, number)
        self.hosts[name] = host
        ip("netns", "add", host.namespace)
        ip("link", "add", host.port, "type", "veth", "peer", "name", "eth0", "netns", host.namespace)
        ip("link", "set", host.port, "master", "bridge", "up")
        for arguments in (
            ("link", "set", "lo", "up"),
            ("addr", "add", host.address + "/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
        ):
            subprocess.run(host.command("ip", *arguments), check=True, capture_output=True)
        return host

    def cut(self, source: Host, target: Host) -> None:
        """Nothing that `source` sends reaches `target` from now on; the other way stays as it is."""
        target.iptables("-A", "INPUT", "-s", source.address, "-j", "DROP")

    def part(self, one: Host, other: Host) -> None:
        """Cuts both ways."""
        self.cut(one, other)
        self.cut(other, one)

    def heal(self) -> None:
        """Everything reaches everyone again."""
        for host in self.hosts.values():
            host.iptables("-F", "INPUT")
