"""One request to somebody else's server: HTTP POST, bounded in time and size, redirected nowhere.

The proxies of the environment are used, as everywhere (``https_proxy`` and the like).
"""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ledger.errors import Malformed, Unavailable
from ledger.values import dataclass

MOST_BYTES = 1_048_576
_MOST_SAID = 200
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Reply:
    """Whatever the server answered, with any status."""

    status: int
    body: bytes
    media: str


class _Nowhere(urllib.request.HTTPRedirectHandler):
    """A redirection is an answer like any other: nobody else is asked, and a POST becomes no GET. Where it
    leads is not even read."""

    def http_error_302(self, *args: Any, **kwargs: Any) -> None:
        return None

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


_opener = urllib.request.build_opener(_Nowhere)


def check_url(url: str) -> None:
    """Raises `Malformed` (``server-url``) unless it is an http or https URL with a host."""
    try:
        parts = urlsplit(url)
        formed = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        formed = False
    if not formed or any(character <= " " for character in url):
        raise Malformed("server-url", url=url[:200])


def post(url: str, body: bytes, media: str, *, timeout: float, most: int = MOST_BYTES) -> Reply:
    """Send a body and read the answer, ``timeout`` seconds for each, at most ``most`` bytes.

    Raises `Malformed` (``server-url``); `Unavailable`: ``server-silent`` (no connection, no answer in time,
    no HTTP), ``server-long``.
    """
    check_url(url)
    request = urllib.request.Request(  # noqa: S310  the scheme is checked
        url, data=body, headers={"Content-Type": media, "User-Agent": "adamas"}, method="POST"
    )

    def sent() -> Reply:
        with _answered(request, timeout) as response:
            body = body_of(response, url, timeout, most)
            return Reply(response.status, body, response.headers.get_content_type())

    try:
        return in_time(sent, 2 * timeout)
    except (OSError, HTTPException, ValueError) as problem:
        raise silent(url, problem) from None


def silent(url: str, problem: Exception) -> Unavailable:
    """That a server did not answer, and why (``server-silent``); of what it said, the beginning."""
    reason = getattr(problem, "reason", None) or problem
    return Unavailable("server-silent", url=url, reason=str(reason)[:_MOST_SAID] or type(reason).__name__)


def in_time(work: Callable[[], _Found], seconds: float) -> _Found:
    """What ``work`` gives, or whatever it raises. A server that keeps sending, headers without end or that
    more is to come, never lets a read time out: after so many seconds it is left behind, in its own thread.

    Raises `TimeoutError`.
    """
    found: list[_Found] = []
    troubles: list[Exception] = []

    def run() -> None:
        try:
            found.append(work())
        except Exception as trouble:  # noqa: BLE001  raised again below, in the caller's thread
            troubles.append(trouble)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if troubles:
        raise troubles[0]
    if not found:
        raise TimeoutError("the answer came too slowly")
    return found[0]


def _answered(request: urllib.request.Request, timeout: float) -> Any:
    try:
        return _opener.open(request, timeout=timeout)
    except urllib.error.HTTPError as answer:  # a status of 300 or more
        return answer


def body_of(response: HTTPResponse, url: str, timeout: float, most: int) -> bytes:
    """An answer's bytes, ``timeout`` seconds for all of them.

    Raises `Unavailable` (``server-long``) beyond ``most`` bytes, `TimeoutError`, `OSError`, `HTTPException`.
    """
    pieces, length, end = [], 0, time.monotonic() + timeout
    while piece := response.read1(65_536):
        pieces.append(piece)
        length += len(piece)
        if length > most:
            raise Unavailable("server-long", url=url, most=most)
        if time.monotonic() > end:
            raise TimeoutError("the answer came too slowly")
    return b"".join(pieces)
