"""Members of consumer groups, each a process of its own, and what is known of them."""

import json
import pathlib
import re
import signal
import subprocess
import sys
import threading

from waiting import PATIENCE_SECONDS, until

Partitions = frozenset[tuple[str, int]]

KCAT = "/usr/bin/kcat"

# How each client names what the tests set.
SETTINGS = {
    "librdkafka": {
        "session": lambda seconds: {"session.timeout.ms": seconds * 1000},
        "heartbeat": lambda milliseconds: {"heartbeat.interval.ms": milliseconds},
        "instance": lambda name: {"group.instance.id": name},
        "assignor": lambda name: {"partition.assignment.strategy": name},
    },
    "kafka-python": {
        "session": lambda seconds: {"session_timeout_ms": seconds * 1000},
        "heartbeat": lambda milliseconds: {"heartbeat_interval_ms": milliseconds},
        "instance": lambda name: {"group_instance_id": name},
        "assignor": lambda name: {"assignor": name},
    },
}
SETTINGS["kcat"] = SETTINGS["librdkafka"]
SETTINGS["aiokafka"] = SETTINGS["kafka-python"]


class Member:
    """A member that runs, or has run; its properties may be read while it does.

    The settings are `session` (seconds), `heartbeat` (milliseconds), `instance` and `assignor`;
    whatever is in `config` goes to the client as it is.
    """

    def __init__(
        self, client: str, address: str, group: str, topics: list[str],
        config: dict | None = None, **settings: object,
    ):
        settings = {"session": 30, "heartbeat": 500, **settings}
        config = dict(config or {})
        if config.get("group.protocol") == "consumer":
            # The broker decides about these.
            del settings["session"], settings["heartbeat"]
        for name, value in settings.items():
            config.update(SETTINGS[client][name](value))

        self.client = client
        self.lock = threading.Lock()
        self._owned: set[tuple[str, int]] = set()
        self._assignment_count = 0
        self._revoked: list[tuple[str, int]] = []
        self._records: list[tuple[str, int, int]] = []
        self._errors: list[str] = []
        self._committed: dict[tuple[str, int], int] = {}
        self._read_again: list[tuple[str, int, int]] = []
        if client == "kcat":
            command = [KCAT, "-b", address, "-G", group, "-u", "-f", "%t %p %o\n"]
            for name, value in {"auto.offset.reset": "earliest", **config}.items():
                command += ["-X", f"{name}={value}"]
            command += topics
        else:
            program = pathlib.Path(__file__).with_name("member.py")
            asked = {
                "client": client, "address": address, "group": group, "topics": topics,
                "config": config,
            }
            command = [sys.executable, str(program), json.dumps(asked)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )
        self.readers = [
            threading.Thread(target=self._read, args=(stream, take), daemon=True)
            for stream, take in self._streams()
        ]
        for reader in self.readers:
            reader.start()

    # What it has said

    @property
    def owned(self) -> Partitions:
        """The partitions that it has."""
        with self.lock:
            return frozenset(self._owned)

    @property
    def assignment_count(self) -> int:
        """How often it was told what it has."""
        with self.lock:
            return self._assignment_count

    @property
    def revoked(self) -> Partitions:
        """The partitions that it has ever lost."""
        with self.lock:
            return frozenset(self._revoked)

    @property
    def records(self) -> list[tuple[str, int, int]]:
        """Topic, partition and offset of all that it has read, in that order."""
        with self.lock:
            return list(self._records)

    @property
    def committed(self) -> dict[tuple[str, int], int]:
        """The offsets whose commits were acknowledged to it; of kcat they are not known."""
        with self.lock:
            return dict(self._committed)

    @property
    def read_again(self) -> list[tuple[str, int, int]]:
        """The records that it has read though what follows them had been committed."""
        with self.lock:
            return list(self._read_again)

    def __repr__(self) -> str:
        with self.lock:
            return (
                f"<{self.client}: owns {sorted(self._owned)}, {len(self._records)} records, "
                f"assigned {self._assignment_count} times, {self._errors[-20:]}>"
            )

    def _streams(self):
        if self.client == "kcat":
            return [(self.process.stdout, self._kcat_record), (self.process.stderr, self._kcat_note)]
        return [(self.process.stdout, self._event), (self.process.stderr, self._error)]

    def _read(self, stream, take) -> None:
        for line in stream:
            with self.lock:
                take(line)

    def _event(self, line: str) -> None:
        ((event, value),) = json.loads(line).items()
        if event == "assigned":
            self._owned = {(topic, partition) for topic, partition in value}
            self._assignment_count += 1
        elif event == "revoked":
            lost = [(topic, partition) for topic, partition in value]
            self._revoked += lost
            self._owned.difference_update(lost)
        elif event == "records":
            for topic, partition, offset in value:
                self._records.append((topic, partition, offset))
                if offset < self._committed.get((topic, partition), 0):
                    self._read_again.append((topic, partition, offset))
        elif event == "committed":
            self._committed.update({(topic, p): offset for topic, p, offset in value})
        else:
            self._errors.append(line.strip())

    def _error(self, line: str) -> None:
        self._errors.append(line.rstrip())

    def _kcat_record(self, line: str) -> None:
        topic, partition, offset = line.split()
        self._records.append((topic, int(partition), int(offset)))

    def _kcat_note(self, line: str) -> None:
        # "% Group g rebalanced (memberid m): assigned: t [0], t [1]"
        found = re.search(r"rebalanced .*: (assigned|revoked):? ?(.*)", line)
        if not found:
            if not line.startswith("% Reached end") and not line.startswith("% Waiting"):
                self._errors.append(line.rstrip())
            return
        partitions = {
            (topic, int(number)) for topic, number in re.findall(r"(\S+) \[(\d+)\]", found[2])
        }
        if found[1] == "assigned":
            self._owned = partitions
            self._assignment_count += 1
        else:
            self._revoked += sorted(self._owned)
            self._owned = set()

    # How it ends

    def kill(self) -> None:
        """Ends it without a word to the broker."""
        self.process.kill()
        self._ended()

    def close(self) -> None:
        """Has it leave its group in good order."""
        if self.client == "kcat":
            self.process.send_signal(signal.SIGTERM)
        else:
            self.process.stdin.close()
        status = self.process.wait(PATIENCE_SECONDS)
        self._ended()
        assert status == 0, f"status {status}: {self!r}"

    def _ended(self) -> None:
        self.process.wait()
        for reader in self.readers:
            reader.join()
        with self.lock:
            self._owned = set()


def await_shares(members: list[Member], counts: list[int]) -> None:
    """Waits until the members have this many partitions each, in any order, none of them twice."""

    def shared() -> bool:
        for member in members:
            status = member.process.poll()
            assert status is None, f"ended with status {status}: {member!r}"
        owned = [member.owned for member in members]
        return (
            sorted(map(len, owned)) == sorted(counts)
            and len(frozenset().union(*owned)) == sum(counts)
        )

    until(lambda: f"shares of {sorted(counts)} among {members!r}", shared)


def await_records(members: list[Member], expected: set[tuple[str, int, int]]) -> None:
    """Waits until the members have together read all of `expected`."""

    def missing() -> set:
        return expected.difference(*(member.records for member in members))

    until(
        lambda: f"{len(missing())} records, such as {sorted(missing())[:5]}, by {members!r}",
        lambda: not missing(),
    )
