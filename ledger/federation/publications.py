"""Reading what another ledger published: a folder, or the same files behind a web server."""

from __future__ import annotations

import errno
import os
import stat
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from ledger.errors import StoreTrouble, Unavailable
from ledger.federation.posting import body_of, check_url, in_time, silent

MOST_BYTES = 32 << 20
"""Of one file; a full bundle of entries has at most 256 times 65,537."""
_SECONDS, _WHOLE = 30.0, 600.0
"""Until a server says something, and until a file is there."""
_MISSING = (404, 410)

Read = Callable[[str], bytes | None]
"""A file by its path under the publication; None where there is none."""


def is_url(place: str) -> bool:
    """Whether a place is behind a web server."""
    return place.startswith(("http://", "https://"))


def reading(place: str) -> Read:
    """How a publication's files are read; `StoreTrouble` and `Unavailable` are raised when one is."""
    return _fetching(place.rstrip("/")) if is_url(place) else _in_folder(Path(place))


def _in_folder(folder: Path) -> Read:
    def read(path: str) -> bytes | None:
        data = b""
        try:
            with open(folder / path, "rb", buffering=0, opener=_open_file) as file:
                length = os.fstat(file.fileno()).st_size
                if length <= MOST_BYTES:  # room is made for what is there, not for the most there may be
                    data = file.read()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as problem:
            raise StoreTrouble(
                "artefact-unreadable", path=str(folder / path), reason=problem.strerror
            ) from None
        if max(length, len(data)) > MOST_BYTES:
            raise StoreTrouble("artefact-too-long", path=str(folder / path), most=MOST_BYTES)
        return data

    return read


def _open_file(path: str, flags: int) -> int:
    """Opens files only: a pipe or a device in somebody's folder might never end."""
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no file")
    return handle


class _OnTheWeb(urllib.request.HTTPRedirectHandler):
    """Files may have moved, but on the web only, and never from https to http."""

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        if not _is_web(req.full_url, headers.get("location") or ""):
            return None  # an answer like any other
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _is_web(url: str, location: str) -> bool:
    try:
        return urlsplit(urljoin(url, location)).scheme in (urlsplit(url).scheme, "https")
    except ValueError:
        return False


_opener = urllib.request.build_opener(_OnTheWeb)


def _fetching(prefix: str) -> Read:
    check_url(prefix)

    def read(path: str) -> bytes | None:
        url = f"{prefix}/{path}"
        try:
            return in_time(lambda: _fetched(url), _WHOLE)
        except urllib.error.HTTPError as problem:
            problem.close()
            if problem.code in _MISSING:
                return None
            raise Unavailable("server-silent", url=url, reason=f"status {problem.code}") from None
        except (OSError, HTTPException, ValueError) as problem:  # the last one: where it is sent is no URL
            raise silent(url, problem) from None

    return read


def _fetched(url: str) -> bytes:
    request = urllib.request.Request(url, headers={"User-Agent": "adamas"})  # noqa: S310  checked before
    with _opener.open(request, timeout=_SECONDS) as answer:
        return body_of(answer, url, _WHOLE, MOST_BYTES)
