"""A stretch of wire between a program and a PostgreSQL server that can be cut at a chosen moment.

with LossyProxy(server.folder) as proxy:
    journal = opening.open(server.url("bw").replace(str(server.folder), str(proxy.folder)))
    proxy.lose_answer_to(b"COMMIT")      the server gets it and does it; the answer never arrives
"""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from pathlib import Path

_NAME = ".s.PGSQL.5432"
_PIECE = 65_536


class LossyProxy:
    """Forwards connections to a server's socket until one of them says what it waits for."""

    def __init__(self, server: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="adamas-px-", dir="/tmp"))
        self.lost = 0
        self._server = str(server / _NAME)
        self._armed: tuple[bytes, bool] | None = None
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / _NAME))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_answer_to(self, words: bytes) -> None:
        """The next message with these words arrives, and its answer does not."""
        self._armed = (words, True)

    def lose(self, words: bytes) -> None:
        """The next message with these words does not arrive."""
        self._armed = (words, False)

    def __enter__(self) -> LossyProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        shutil.rmtree(self.folder)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            threading.Thread(target=self._forth, args=(client, server), daemon=True).start()

    def _forth(self, client: socket.socket, server: socket.socket) -> None:
        quiet = threading.Event()
        threading.Thread(target=self._back, args=(client, server, quiet), daemon=True).start()
        while piece := _received(client):
            armed = self._armed
            if armed is not None and armed[0] in piece:
                self._armed, self.lost = None, self.lost + 1
                if armed[1]:
                    quiet.set()
                    server.sendall(piece)
                    server.shutdown(socket.SHUT_WR)  # it is done before the server sees that nobody listens
                    while _received(server):
                        continue
                break
            server.sendall(piece)
        for end in (client, server):
            _close(end)

    def _back(self, client: socket.socket, server: socket.socket, quiet: threading.Event) -> None:
        while not quiet.is_set() and (piece := _received(server)):
            if not quiet.is_set():
                client.sendall(piece)


def _received(end: socket.socket) -> bytes:
    try:
        return end.recv(_PIECE)
    except OSError:
        return b""


def _close(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        end.close()
    else:
        end.close()
