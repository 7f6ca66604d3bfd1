"""A broker of this build: `moldau serve` on a free port, with its data in a temporary folder."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import urllib.request

from waiting import until


class Broker:
    """One directory and the process that serves it, which can be ended and started again.

    The port stays the same, so that clients find it again. All that it logs is in `log`. `flags` are
    added to the usual ones, or replace them.
    """

    # A session timeout that a test can wait for, and groups that begin when their members are there:
    # with no delay kafka-python does not always know a topic's partitions yet when it is to hand
    # them out, hands out none, and its members without any no longer say that they live.
    FLAGS = {
        "--rebalance-delay": "1s",
        "--min-session-timeout": "1s", "--consumer-session-timeout": "6s",
        "--consumer-heartbeat-interval": "500ms",
    }

    def __init__(self, moldau: str, flags: dict[str, str] | None = None):
        self.moldau = moldau
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="moldau-clients-"))
        self.log = self.folder / "broker.log"
        given = {**self.FLAGS, **(flags or {})}
        self.flags = ["--dev", *(part for flag in given.items() for part in flag)]
        self.address = ""
        self.admin = ""
        self.process: subprocess.Popen | None = None

    def start(self) -> "Broker":
        """Starts it; returns when it takes connections."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [
                    self.moldau, "serve", "--json", "--log-level", "info",
                    "--data", str(self.folder / "data"),
                    "--kafka", self.address or "127.0.0.1:0",
                    "--admin", self.admin or "127.0.0.1:0",
                    *self.flags,
                ],
                stdout=subprocess.PIPE, stderr=log, text=True,
            )
        line = self.process.stdout.readline()
        assert line, "the broker has not started:\n" + self.tail()
        started = json.loads(line)
        self.address, self.admin = started["kafka"][0], started["admin"]
        return self

    def stop(self) -> None:
        """Asks it to stop, and expects that it does so in good order."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        self.process.stdout.close()
        self.process = None
        assert status == 0, f"the broker ended with status {status}:\n{self.tail()}"

    def kill(self) -> None:
        """Ends it where it stands."""
        assert self.process.poll() is None, f"the broker has ended by itself:\n{self.tail()}"
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process = None

    def remove(self) -> None:
        """Ends it in whatever state it is, and removes the folder."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> "Broker":
        return self

    def __exit__(self, kind: object, _value: object, _trace: object) -> None:
        """A test that has failed shows what the broker has logged."""
        try:
            if kind is not None:
                print("--- the end of the log of the test's own broker:\n" + self.tail(), flush=True)
            elif self.process is not None:
                self.stop()
        finally:
            self.remove()

    def tail(self, count: int = 60) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

    # What it has counted

    def metrics(self) -> dict[str, float]:
        """Every sample of /metrics, by its name and labels as they are written."""
        with urllib.request.urlopen(f"http://{self.admin}/metrics", timeout=30) as answer:
            text = answer.read().decode()
        samples = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                samples[name] = float(value)
        return samples

    def request_count(self, api: str) -> int:
        """How many requests of this kind have had their answer."""
        return int(self.metrics().get(f'moldau_requests_total{{api="{api}"}}', 0))

    def processor_seconds(self) -> float:
        """The processor time that it has used."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_ready(self) -> None:
        """Returns when the offsets of the groups are loaded."""

        def ready() -> bool:
            try:
                with urllib.request.urlopen(f"http://{self.admin}/readyz", timeout=30):
                    return True
            except OSError:
                return False

        until("the broker is ready", ready)
