"""One request to somebody else's server: HTTP POST, bounded in time and size, redirected nowhere.

The proxies of the environment are used, as everywhere (``https_proxy`` and the like).
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from ledger.errors import Malformed, Unavailable
from ledger.values import dataclass

MOST_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class Reply:
    """Whatever the server answered, with any status."""

    status: int
    body: bytes
    media: str


class _Nowhere(urllib.request.HTTPRedirectHandler):
    """A redirection is an answer like any other: nobody else is asked, and a POST becomes no GET."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


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
    try:
        with _answered(request, timeout) as response:
            return Reply(
                response.status, body_of(response, url, timeout, most), response.headers.get_content_type()
            )
    except (OSError, HTTPException) as problem:
        reason = getattr(problem, "reason", None) or problem
        raise Unavailable("server-silent", url=url, reason=str(reason) or type(reason).__name__) from None


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
