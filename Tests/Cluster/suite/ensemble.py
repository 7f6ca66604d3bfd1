"""A ZooKeeper ensemble of Debian's package."""

import pathlib
import socket

from network import Host, Network
from server import Server
from waiting import until

JAR = "/usr/share/java/zookeeper.jar"


class ZooKeeper(Server):
    def __init__(self, host: Host, folder: pathlib.Path, number: int):
        super().__init__(host, folder)
        self.number = number

    def configure(self, servers: list["ZooKeeper"]) -> None:
        (self.folder / "data").mkdir()
        (self.folder / "data" / "myid").write_text(f"{self.number}\n")
        lines = [
            "tickTime=200", "initLimit=25", "syncLimit=15", f"dataDir={self.folder}/data",
            f"clientPortAddress={self.host.address}", "clientPort=2181", "maxClientCnxns=0",
            "minSessionTimeout=400", "maxSessionTimeout=60000", "admin.enableServer=false",
            "4lw.commands.whitelist=*",
        ]
        lines += [f"server.{one.number}={one.host.address}:2888:3888" for one in servers]
        (self.folder / "zoo.cfg").write_text("\n".join(lines) + "\n")

    def command(self) -> list[str]:
        return [
            "java", "-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-Dzookeeper.forceSync=no", "-cp", JAR,
            "org.apache.zookeeper.server.quorum.QuorumPeerMain", f"{self.folder}/zoo.cfg",
        ]

    @property
    def serves(self) -> bool:
        """Whether it is one of a majority that serves clients."""
        try:
            with socket.create_connection((self.host.address, 2181), timeout=1) as connection:
                connection.sendall(b"srvr")
                return b"Mode: " in connection.recv(4096)
        except OSError:
            return False


class Ensemble:
    def __init__(self, network: Network, folder: pathlib.Path, count: int = 3):
        self.servers = [
            ZooKeeper(network.host(f"zookeeper{number}"), folder / f"zookeeper{number}", number)
            for number in range(1, count + 1)
        ]
        for server in self.servers:
            server.configure(self.servers)

    def start(self) -> None:
        for server in self.servers:
            server.start()
        self.wait()

    def wait(self) -> None:
        """Returns when all that run serve."""
        for server in self.servers:
            if server.is_running:
                until(f"{server.host.name} serves", lambda server=server: server.serves)

    @property
    def address(self) -> str:
        hosts = ",".join(f"{server.host.address}:2181" for server in self.servers)
        return f"zk://{hosts}/moldau"

    def remove(self) -> None:
        for server in self.servers:
            server.remove()
