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

from ledger.errors import StoreTrouble, Unavailable
from ledger.federation.posting import body_of, check_url

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


def _fetching(prefix: str) -> Read:
    check_url(prefix)

    def read(path: str) -> bytes | None:
        url = f"{prefix}/{path}"
        request = urllib.request.Request(url, headers={"User-Agent": "adamas"})  # noqa: S310  checked above
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
                return body_of(answer, url, _WHOLE, MOST_BYTES)
        except urllib.error.HTTPError as problem:
            problem.close()
            if problem.code in _MISSING:
                return None
            raise Unavailable("server-silent", url=url, reason=f"status {problem.code}") from None
        except (OSError, HTTPException) as problem:
            reason = str(getattr(problem, "reason", problem)) or type(problem).__name__
            raise Unavailable("server-silent", url=url, reason=reason) from None

    return read
