"""A witness on the network: `POST /add-checkpoint` over HTTP/1.1, connections kept alive.

Strangers can reach it, so everything has a bound: 65,536 bytes a request, 64 connections, 10 seconds of
silence, 30 seconds for a request from its first byte to its answer. Whoever is beyond a bound is answered
408, 411, 413 or 503, or cut off. Encryption, names and rates belong to the web server in front of it.

When the memory cannot be read or written, or a pinned key of kind 0x06 cannot be checked on this machine, it
answers 500 and cosigns nothing.
"""

from __future__ import annotations

import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ledger.errors import AdamasError, Malformed, StoreTrouble
from ledger.federation.add_checkpoint import MOST_BYTES, PATH
from ledger.federation.witness import Answer, Witness

MOST_CONNECTIONS = 64
MOST_SILENCE = 10.0
"""Seconds."""
MOST_TIME = 30.0
"""Seconds for one request."""
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def parse_address(text: str) -> tuple[str, int]:
    """HOST and PORT of ``127.0.0.1:8300``, ``[::1]:8300``, or ``:8300`` (every address of the machine).

    Raises `Malformed` (``witness-address``).
    """
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise Malformed("witness-address", text=text)
    return host.removeprefix("[").removesuffix("]"), int(port)


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness at an address; port 0 takes a free one. ``log`` is given one line for each answer.

    Raises `StoreTrouble` (``witness-no-address``) when the address cannot be had.
    """

    request_queue_size = MOST_CONNECTIONS
    daemon_threads = True  # one that is cut off has been remembered before, or was not signed

    def __init__(
        self,
        witness: Witness,
        address: tuple[str, int],
        log: Callable[[str], None],
        *,
        most_silence: float = MOST_SILENCE,
        most_time: float = MOST_TIME,
    ) -> None:
        self.witness, self.log = witness, log
        self.most_silence, self.most_time = most_silence, most_time
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._begun: dict[socket.socket, float] = {}
        self._times = threading.Lock()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        try:
            super().__init__(address, _Conversation)
        except OSError as problem:
            where = f"{address[0]}:{address[1]}"
            raise StoreTrouble("witness-no-address", address=where, reason=problem.strerror) from None

    @property
    def url(self) -> str:
        """The submission prefix, as a client on this machine writes it."""
        host, port = self.server_address[:2]
        name = host.decode() if isinstance(host, bytes | bytearray) else str(host)
        return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"

    def server_bind(self) -> None:
        """As the library does, but without asking a name server how this machine is called."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "witness", int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection when there is room for it."""
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
            return
        with suppress(OSError):  # hung up meanwhile
            request.sendall(_BUSY)
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One connection, in its own thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._times:
                self._begun.pop(request, None)
            self._room.release()

    def begin(self, connection: socket.socket) -> None:
        """A request may begin on this connection from now on."""
        with self._times:
            self._begun[connection] = time.monotonic()

    def service_actions(self) -> None:
        """Twice a second: end the connections whose request takes too long."""
        oldest = time.monotonic() - self.most_time
        with self._times:
            late = [connection for connection, begun in self._begun.items() if begun < oldest]
        for connection in late:
            with suppress(OSError):  # ended by itself meanwhile
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hung up is no trouble; anything else is told in one line, and the server goes on."""
        trouble = sys.exception()
        if not isinstance(trouble, ConnectionError | TimeoutError):
            self.log(f"500 {type(trouble).__name__}: {trouble}")


class _Conversation(BaseHTTPRequestHandler):
    """The requests of one connection."""

    server: WitnessServer
    protocol_version = "HTTP/1.1"
    server_version = "adamas-witness"
    sys_version = ""
    wbufsize = -1  # head and body leave together
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(self.server.most_silence)

    def handle_one_request(self) -> None:
        self.server.begin(self.connection)
        super().handle_one_request()

    def do_POST(self) -> None:
        lengths = self.headers.get_all("Content-Length", [])
        length = lengths[0] if len(lengths) == 1 else ""
        if self.path != f"/{PATH}":
            self._answer(Answer(404, "", self.path), close=True)
        elif not (length.isascii() and length.isdigit()) or "Transfer-Encoding" in self.headers:
            self._answer(Answer(411, "", "without a length"), close=True)
        elif len(length) > 9 or int(length) > MOST_BYTES:
            self._answer(Answer(413, "", f"{length[:20]} bytes"), close=True)
        else:
            self._add_checkpoint(self.rfile.read(int(length)), int(length))

    def _add_checkpoint(self, body: bytes, length: int) -> None:
        if len(body) < length:
            self._answer(Answer(400, "", "cut short"), close=True)
            return
        try:
            answer = self.server.witness.add_checkpoint(body)
        except AdamasError as trouble:
            answer = Answer(500, "", f"{trouble.code}: {trouble}")
        self._answer(answer)

    def do_GET(self) -> None:
        self._answer(Answer(405 if self.path == f"/{PATH}" else 404, "", self.path), close=True)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _answer(self, answer: Answer, *, close: bool = False) -> None:
        body = answer.body.encode("utf-8")
        self.send_response_only(answer.status)
        self.send_header("Content-Type", answer.media)
        self.send_header("Content-Length", str(len(body)))
        if answer.status == 405:
            self.send_header("Allow", "POST")
        if close:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self._log(f"{answer.status} {answer.about}")

    def _log(self, line: str) -> None:
        """One line, whatever strangers sent."""
        shown = "".join(character if character.isprintable() else "?" for character in line[:400])
        self.server.log(shown)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: `_answer` tells it."""

    def log_error(self, format: str, *args: Any) -> None:  # noqa: A002  the library's name
        """What the library refuses because it is no HTTP; a silent connection is not worth a line."""
        if "timed out" not in format:
            self._log(format % args)
