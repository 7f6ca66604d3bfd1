"""kill -9 of the broker under load: what was acknowledged is there, once, and so are offsets."""

import functools
import random

import topics
from broker import Broker
from groups import CLIENTS, committed
from load import LOADS, await_progress, check_log
from members import Member, await_records
from registry import add
from seeds import new_seed
from waiting import equal, until

PARTITIONS = 4
KILLS = 5
READERS = ["librdkafka", "kafka-python", "aiokafka", "librdkafka-848"]


def check_offsets(broker: Broker, readers: dict[str, Member], before: dict) -> None:
    """Every offset that was acknowledged before a crash, or a later one, is found after it."""
    for group, acknowledged in before.items():
        found = committed(broker, group)
        for partition, offset in acknowledged.items():
            assert found.get(partition, -1) >= offset, (
                f"{group} has {found.get(partition)} of {partition}, where {offset} was "
                f"acknowledged: {readers[group]!r}"
            )


def killed_under_load(broker: Broker, flush: str) -> None:
    """Producers of three clients and four groups go on while the broker is killed and comes back."""
    dice = random.Random(new_seed())
    topic = "crashes"
    with Broker(broker.moldau, {"--flush": flush}).start() as own:
        topics.create(own, topic, PARTITIONS)
        loads = [kind(own, topic, PARTITIONS) for kind in LOADS]
        readers = {
            f"crashes-{kind}": Member(
                CLIENTS[kind][0], own.address, f"crashes-{kind}", [topic], CLIENTS[kind][1])
            for kind in READERS
        }
        previous = {group: {} for group in readers}
        for round_number in range(KILLS):
            until(
                lambda: f"a commit of each of {readers!r}",
                lambda: all(r.committed != previous[group] for group, r in readers.items()),
            )
            await_progress(loads, dice.randrange(20, 400))
            own.kill()
            before = {group: reader.committed for group, reader in readers.items()}
            counts = [load.acknowledged_count for load in loads]
            print(f"kill {round_number + 1}: {counts} acknowledged, {before}", flush=True)
            own.start()
            check_offsets(own, readers, before)
            previous = before
        await_progress(loads, 100)
        for load in loads:
            load.end()
        records = check_log(own, loads)
        for group, reader in readers.items():
            await_records([reader], records)
            reader.close()
            equal(reader.read_again, [], f"read by {group} though it was committed")
        print(f"{len(records)} records")


for _flush in ("group-commit", "buffered"):
    add(f"crashes.{_flush}", functools.partial(killed_under_load, flush=_flush), 240)
