"""kcat (librdkafka 2.0.2 in Debian): what its commands say. MoldauKcatTests has more of it."""

import json
import subprocess
import time

import topics
from broker import Broker
from members import KCAT
from registry import test
from waiting import PATIENCE_SECONDS, equal


def kcat(broker: Broker, *arguments: str, text: str = "") -> str:
    """Runs it; returns what it prints."""
    done = subprocess.run(
        [KCAT, "-b", broker.address, *arguments], input=text, capture_output=True, text=True,
        timeout=PATIENCE_SECONDS,
    )
    equal(done.returncode, 0, f"kcat {' '.join(arguments)}: {done.stderr}")
    return done.stdout


@test()
def metadata(broker: Broker) -> None:
    topics.create(broker, "kcat-metadata", 3)
    listed = json.loads(kcat(broker, "-L", "-J", "-t", "kcat-metadata"))
    equal([f"{found['name']}" for found in listed["brokers"]], [broker.address])
    equal(listed["controllerid"], listed["brokers"][0]["id"])
    ((name, partitions),) = [(t["topic"], t["partitions"]) for t in listed["topics"]]
    equal((name, [p["partition"] for p in partitions]), ("kcat-metadata", [0, 1, 2]))


@test()
def idempotent_producer(broker: Broker) -> None:
    topics.create(broker, "kcat-idempotent", 2)
    text = "".join(f"line {number}\n" for number in range(3000))
    kcat(
        broker, "-P", "-t", "kcat-idempotent", "-p", "0", "-X", "enable.idempotence=true",
        "-X", "batch.num.messages=10", text=text,
    )
    equal(kcat(broker, "-C", "-t", "kcat-idempotent", "-p", "0", "-e", "-q"), text)


@test()
def read_committed(broker: Broker) -> None:
    topics.create(broker, "kcat-isolation")
    kcat(broker, "-P", "-t", "kcat-isolation", text="a\nb\n")
    for level in ("read_committed", "read_uncommitted"):
        read = kcat(
            broker, "-C", "-t", "kcat-isolation", "-e", "-q", "-X", f"isolation.level={level}")
        equal(read, "a\nb\n", level)


@test()
def times(broker: Broker) -> None:
    """Reads what lies between two times, and is told the time of each record."""
    topic = "kcat-times"
    topics.create(broker, topic)
    begun = int(time.time() * 1000)
    stamps = []
    for line in ("a", "b", "c"):
        kcat(broker, "-P", "-t", topic, text=line + "\n")
        read = kcat(broker, "-C", "-t", topic, "-o", "-1", "-e", "-q", "-f", "%s %T")
        equal(read.split()[0], line)
        stamps.append(int(read.split()[1]))
    assert begun <= stamps[0] < stamps[1] < stamps[2], stamps
    found = kcat(
        broker, "-C", "-t", topic, "-q", "-e", "-o", f"s@{stamps[1]}", "-o", f"e@{stamps[2]}")
    equal(found, "b\n")
    equal(kcat(broker, "-Q", "-t", f"{topic}:0:{stamps[1]}"), f"{topic} [0] offset 1\n")
    equal(kcat(broker, "-Q", "-t", f"{topic}:0:-1"), f"{topic} [0] offset 3\n")
    equal(kcat(broker, "-Q", "-t", f"{topic}:0:-2"), f"{topic} [0] offset 0\n")


@test()
def offsets_of_a_group(broker: Broker) -> None:
    """What a group has read it does not read again."""
    topic = "kcat-group"
    topics.create(broker, topic)
    for text in ("a\nb\n", "c\n"):
        kcat(broker, "-P", "-t", topic, text=text)
        read = kcat(
            broker, "-G", topic, "-c", str(text.count("\n")), "-q",
            "-X", "auto.offset.reset=earliest", topic,
        )
        equal(read, text)
