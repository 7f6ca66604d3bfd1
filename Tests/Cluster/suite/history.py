"""What was written, acknowledged and read, and whether that fits together."""

import threading
import time
from collections import defaultdict

Place = tuple[int, int | None]


class History:
    """Records are named by their producer and number. Thread-safe."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sent: set[tuple[str, int]] = set()
        self.acknowledged: dict[tuple[str, int], Place] = {}
        self.refused: dict[tuple[str, int], str] = {}
        self.seen: dict[Place, tuple[str, int]] = {}
        self.problems: list[str] = []
        self.last_acknowledgement: dict[int, float] = {}
        self.longest_pause = 0.0

    def note_sent(self, record: tuple[str, int]) -> None:
        with self.lock:
            self.sent.add(record)

    def note_outcome(self, record: tuple[str, int], place: Place | None, error: str = "") -> None:
        with self.lock:
            if place is None:
                self.refused[record] = error
                return
            self.acknowledged[record] = place
            now = time.monotonic()
            last = self.last_acknowledgement.get(place[0], now)
            self.longest_pause = max(self.longest_pause, now - last)
            self.last_acknowledgement[place[0]] = now

    def note_seen(self, place: Place, record: tuple[str, int]) -> None:
        """What a reader was given; the same place must always hold the same record."""
        with self.lock:
            before = self.seen.setdefault(place, record)
            if before != record:
                self.problems.append(f"{place} held {before} and later {record}")

    def begin_pause(self) -> None:
        """Looks for the longest pause between acknowledgements of one partition from now on."""
        with self.lock:
            self.longest_pause = 0.0

    @property
    def acknowledged_count(self) -> int:
        with self.lock:
            return len(self.acknowledged)

    def check(self, final: dict[Place, tuple[str, int]]) -> dict[str, int]:
        """Compares with what the topic holds in the end; returns how many records are in what way
        wrong, and how many are all right."""
        places = defaultdict(list)
        for place, record in sorted(final.items()):
            places[record].append(place)
        # librdkafka says no offset of a batch of which it knows by a later one that it was written.
        lost = [
            record for record, place in self.acknowledged.items()
            if (record not in places if place[1] is None else final.get(place) != record)
        ]
        doubled = [record for record, found in places.items() if len(found) > 1]
        invented = [record for record in places if record not in self.sent]
        vanished = [place for place, record in self.seen.items() if final.get(place) != record]
        reordered = []
        last: dict[tuple[str, int], int] = {}
        for (partition, _), (producer, number) in sorted(final.items()):
            key = (producer, partition)
            if number < last.get(key, -1):
                reordered.append((producer, number))
            last[key] = number
        # A producer gives up after its timeout without knowing; what a broker has refused must not
        # be there.
        surfaced = [
            record for record, error in self.refused.items()
            if record in places and "TIMED_OUT" not in error
        ]
        for name, found in (
            ("lost", lost), ("doubled", doubled), ("invented", invented), ("vanished", vanished),
            ("reordered", reordered), ("refused and visible", surfaced),
        ):
            if found:
                self.problems.append(f"{len(found)} {name}, such as {found[:3]}")
        for record in lost[:3]:
            place = self.acknowledged[record]
            self.problems.append(f"{record} was acknowledged at {place}, where {final.get(place)} is")
        return {
            "acknowledged": len(self.acknowledged), "unknown": len(self.refused),
            "lost": len(lost), "doubled": len(doubled), "reordered": len(reordered),
            "vanished": len(vanished), "refused_visible": len(surfaced) + len(invented),
        }
