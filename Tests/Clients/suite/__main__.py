"""Runs the tests of the clients against a broker of this build.

    python suite [--moldau PATH] [--only NAME]… [--jobs N] [--list]

Each test runs in a process of its own, so that one that hangs can be ended with all that it has
started; several run at a time, since they mostly wait. A line a test says how it went and how long
it took; what a failed one has printed follows, with the end of the broker's log.
"""

import argparse
import dataclasses
import faulthandler
import os
import pathlib
import signal
import sys
import tempfile
import time
import traceback

import between_clients  # noqa: F401  (these register their tests)
import consumer_protocol  # noqa: F401
import crashes  # noqa: F401
import crowds  # noqa: F401
import groups  # noqa: F401
import lost_answers  # noqa: F401
import restarts  # noqa: F401
import with_aiokafka  # noqa: F401
import with_kafka_python  # noqa: F401
import with_kcat  # noqa: F401
import with_librdkafka  # noqa: F401
from broker import Broker
from registry import TESTS, Test


@dataclasses.dataclass
class Running:
    """A test that is under way."""

    test: Test
    process: int
    output: pathlib.Path
    begun: float


def start(test: Test, broker: Broker, folder: pathlib.Path) -> Running:
    """Runs `test` in a process that leads a group, with what it prints in a file."""
    output = folder / f"{test.name}.out"
    sys.stdout.flush()
    process = os.fork()
    if process:
        return Running(test, process, output, time.monotonic())
    status = 1
    try:
        os.setsid()
        descriptor = os.open(output, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o644)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        # A test that hangs shows where each of its threads is.
        faulthandler.dump_traceback_later(test.seconds, exit=True)
        test.body(broker)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Not sys.exit: a client's thread that hangs must not keep the process.
        os._exit(status)


def end_group(leader: int) -> None:
    """Ends whatever is left of the processes that a test has started."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Suite:
    """The tests that are asked for, a number of them at a time."""

    def __init__(self, tests: list[Test], broker: Broker, folder: pathlib.Path, jobs: int):
        # The longest first, so that none of them is the last one alone.
        self.waiting = sorted(tests, key=lambda test: -test.seconds)
        self.broker = broker
        self.folder = folder
        self.jobs = jobs
        self.running: dict[int, Running] = {}
        self.failed: list[str] = []

    def run(self) -> None:
        while self.waiting or self.running:
            while self.waiting and len(self.running) < self.jobs:
                running = start(self.waiting.pop(0), self.broker, self.folder)
                self.running[running.process] = running
            process, status = os.wait()
            if process in self.running:
                self.report(self.running.pop(process), status)
            elif self.broker.process is not None and process == self.broker.process.pid:
                self.abandon(f"the broker has ended with status {status}")
                return

    def report(self, running: Running, status: int) -> None:
        end_group(running.process)
        seconds = time.monotonic() - running.begun
        code = os.waitstatus_to_exitcode(status)
        print(f"{'ok    ' if code == 0 else 'FAILED'} {seconds:6.1f} s  {running.test.name}")
        if code != 0:
            self.failed.append(running.test.name)
            print(running.output.read_text(errors="replace"))
            print("--- the end of the broker's log:\n" + self.broker.tail(30))
        sys.stdout.flush()

    def abandon(self, why: str) -> None:
        print(why + ":\n" + self.broker.tail(200))
        self.failed.append("the broker")
        for running in self.running.values():
            end_group(running.process)
            os.waitpid(running.process, 0)
            self.failed.append(running.test.name)


def main() -> int:
    parser = argparse.ArgumentParser(prog="Tests/Clients/run")
    parser.add_argument("--moldau", default=".build/debug/moldau", help="the program to test")
    parser.add_argument("--only", action="append", default=[], help="tests whose name has this in it")
    parser.add_argument("--jobs", type=int, default=4, help="how many tests run at a time")
    parser.add_argument("--list", action="store_true", help="print the tests' names")
    asked = parser.parse_args()
    tests = [
        test for test in TESTS.values()
        if not asked.only or any(part in test.name for part in asked.only)
    ]
    if asked.list:
        print("\n".join(test.name for test in tests))
        return 0
    if not tests:
        print("no test has such a name; --list names them")
        return 2

    begun = time.monotonic()
    broker = Broker(os.path.abspath(asked.moldau))
    try:
        broker.start()
        with tempfile.TemporaryDirectory(prefix="moldau-clients-") as folder:
            suite = Suite(tests, broker, pathlib.Path(folder), asked.jobs)
            suite.run()
        if broker.process.poll() is None:
            broker.stop()
    finally:
        broker.remove()
    seconds = time.monotonic() - begun
    if suite.failed:
        print(f"FAILED {len(suite.failed)} of {len(tests)} tests: {', '.join(suite.failed)}")
        return 1
    print(f"all {len(tests)} tests are good, in {seconds:.0f} s; the broker stopped cleanly")
    return 0


sys.exit(main())
