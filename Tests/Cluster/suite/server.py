"""A process of the cluster: it can be started, stopped, killed, held up and let go on."""

import pathlib
import signal
import subprocess

from network import Host


class Server:
    def __init__(self, host: Host, folder: pathlib.Path):
        self.host = host
        self.folder = folder
        self.folder.mkdir()
        self.log = folder / "log"
        self.process: subprocess.Popen | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    @property
    def is_running(self) -> bool:
        return self.process is not None

    def start(self) -> None:
        assert self.process is None, f"{self.host.name} runs already"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.host.command(*self.command()), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log, text=True, cwd=self.folder,
            )

    def ask_to_stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Asks it to stop, and expects that it does so in good order."""
        self.ask_to_stop()
        self.wait_for_end()

    def wait_for_end(self) -> None:
        status = self.process.wait(40)
        self.end()
        assert status == 0, f"{self.host.name} ended with status {status}:\n{self.tail()}"

    def kill(self) -> None:
        status = self.process.poll()
        assert status is None, f"{self.host.name} has ended by itself ({status}):\n{self.tail()}"
        self.process.kill()
        self.process.wait()
        self.end()

    def end(self) -> None:
        self.process.stdout.close()
        self.process = None

    def hold(self) -> None:
        """Holds it up where it stands."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def remove(self) -> None:
        """Ends it in whatever state it is."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.end()

    def tail(self, count: int = 40) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])
