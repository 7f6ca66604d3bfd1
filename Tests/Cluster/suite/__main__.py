"""Runs the scenarios one after another, each with a cluster of its own, and prints a table."""

import argparse
import inspect
import json
import random
import sys
import time
import traceback

import disks  # noqa: F401 (registers its scenarios, as do those below)
import groups  # noqa: F401
import partitions  # noqa: F401
import processes  # noqa: F401
import zookeeper  # noqa: F401
from cluster import Cluster
from load import Load, read_all
from registry import ALL, Scenario
from waiting import until


def run(scenario: Scenario, moldau: str, seed: int) -> dict:
    """What came of it; raises when something is wrong."""
    start = time.monotonic()
    with Cluster(moldau, scenario.flags) as cluster:
        cluster.create_topic()
        cluster.wait_in_sync()
        load = Load(cluster)
        with load:
            arguments = [cluster, load]
            if len(inspect.signature(scenario.run).parameters) == 3:
                arguments.append(random.Random(seed))
            scenario.run(*arguments)
            load.go_on(500)
            healing = cluster.wait_in_sync(seconds=90)
        final: dict = {}

        def all_there() -> bool:
            final.clear()
            final.update(read_all(cluster))
            return len(set(final.values())) >= len(load.history.acknowledged)

        until("what was acknowledged can be read", all_there, 30)
        counts = load.history.check(final)
        assert not load.history.problems, "; ".join(load.history.problems)
        cluster.check_metrics()
        cluster.stop()
        differing = cluster.differing_replicas()
        assert not differing, f"replicas hold different bytes: {differing}"
        return {
            "scenario": scenario.name, "story": scenario.story, **counts,
            "longest_pause_ms": round(load.history.longest_pause * 1000),
            "healed_in_ms": round(healing * 1000), "seconds": round(time.monotonic() - start, 1),
        }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--moldau", default=".build/debug/moldau")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    unknown = set(options.only) - {one.name for one in ALL}
    if unknown:
        print(f"no such scenario: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 64
    chosen = [
        one for one in ALL
        if (one.name in options.only if options.only else options.long or one.is_short)
    ]
    if options.list:
        for one in ALL:
            print(f"{one.name:32} {'short' if one.is_short else 'long':6} {one.story}")
        return 0
    if not options.json:
        print(f"seed {options.seed}", flush=True)
        print(
            f"{'scenario':32} {'acked':>7} {'lost':>5} {'twice':>5} {'order':>5} {'gone':>5}"
            f" {'pause ms':>9} {'healed ms':>9}", flush=True)
    failures = 0
    for one in chosen:
        try:
            row = run(one, options.moldau, options.seed)
        except Exception:
            failures += 1
            traceback.print_exc()
            print(f"{one.name}: FAILED (--only {one.name} --seed {options.seed})", flush=True)
            continue
        if options.json:
            print(json.dumps(row), flush=True)
        else:
            print(
                f"{one.name:32} {row['acknowledged']:7} {row['lost']:5} {row['doubled']:5}"
                f" {row['reordered']:5} {row['vanished']:5} {row['longest_pause_ms']:9}"
                f" {row['healed_in_ms']:9}", flush=True)
    print(f"{len(chosen) - failures} passed, {failures} failed", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
