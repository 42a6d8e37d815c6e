"""A server that answers with raw bytes, as no decent web server would, and keeps sending if it is told to.

    with answering(b"HTTP/1.1 200 OK\r\n", again=b"X: y\r\n") as url: ...
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def answering(first: bytes, again: bytes = b"", pause: float = 0.01) -> Iterator[str]:
    """Its URL; every connection is sent ``first``, then ``again`` until it is closed."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        thread = threading.Thread(target=_serve, args=(server, first, again, pause, ended), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            ended.set()
            thread.join()


def _serve(server: socket.socket, first: bytes, again: bytes, pause: float, ended: threading.Event) -> None:
    while not ended.is_set():
        with suppress(TimeoutError):
            connection, _ = server.accept()
            threading.Thread(
                target=_answer, args=(connection, first, again, pause, ended), daemon=True
            ).start()


def _answer(
    connection: socket.socket, first: bytes, again: bytes, pause: float, ended: threading.Event
) -> None:
    with connection, suppress(OSError):
        connection.settimeout(2)
        connection.recv(65_536)
        connection.sendall(first)
        while again and not ended.is_set():
            connection.sendall(again)
            time.sleep(pause)
