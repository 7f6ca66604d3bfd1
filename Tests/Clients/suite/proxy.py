"""A network between clients and a broker that loses answers."""

import random
import socket
import struct
import threading

PRODUCE = 0


class LossyProxy:
    """Hands requests on, and breaks a connection instead of some answers to Produce requests.

    The broker has stored what it was sent then, and the client does not know it.
    """

    def __init__(self, seed: int, loss: float):
        self.dice = random.Random(seed)
        self.loss = loss
        self.lost_count = 0
        self.target = ("", 0)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]

    def serve(self, broker_address: str) -> None:
        """Takes connections from now on, on threads that end with the process."""
        host, port = broker_address.rsplit(":", 1)
        self.target = (host, int(port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, _ = self.listener.accept()
            broker = socket.create_connection(self.target)
            # Correlation ids of Produce requests that wait for their answer.
            waiting: set[bytes] = set()
            for source, sink, take in (
                (client, broker, self._note), (broker, client, self._lose),
            ):
                threading.Thread(
                    target=self._hand_on, args=(source, sink, take, waiting), daemon=True
                ).start()

    @staticmethod
    def _hand_on(source: socket.socket, sink: socket.socket, take, waiting: set[bytes]) -> None:
        """Hands frames on while `take` says so; then neither side hears of the other again."""
        stream = source.makefile("rb")
        try:
            while size := stream.read(4):
                frame = stream.read(*struct.unpack(">i", size))
                if not take(frame, waiting):
                    break
                sink.sendall(size + frame)
        except OSError:
            pass  # The other direction has ended.
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # It is not connected any more.

    @staticmethod
    def _note(request: bytes, waiting: set[bytes]) -> bool:
        if struct.unpack(">h", request[:2]) == (PRODUCE,):
            waiting.add(request[4:8])
        return True

    def _lose(self, response: bytes, waiting: set[bytes]) -> bool:
        if response[:4] not in waiting:
            return True
        waiting.discard(response[:4])
        if self.dice.random() >= self.loss:
            return True
        self.lost_count += 1
        return False
