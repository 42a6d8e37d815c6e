"""Where a PostgreSQL ledger is: what its URL says, and what is added where it says nothing.

A URL is libpq's own: ``postgresql://keeper@db1,db2,db3/bw?target_session_attrs=read-write``; whatever it
leaves out comes from libpq's variables (``PGPASSWORD``, ``PGPASSFILE``, ``PGSSLMODE``, ``PGSSLROOTCERT``,
...). One schema holds one ledger: the first of the ``search_path``, ``public`` unless said otherwise
(``?options=-csearch_path=bw``).

A server that vanishes without a word is given up after a quarter of a minute, and of several hosts the one
that takes writes is looked for.
"""

from __future__ import annotations

import os
import re
from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from ledger.errors import StoreTrouble
from ledger.values import dataclass

_ALWAYS: dict[str, Any] = {"client_encoding": "utf8", "application_name": "adamas"}
_UNLESS_SAID: dict[str, tuple[str, int]] = {
    "connect_timeout": ("PGCONNECT_TIMEOUT", 10),
    "keepalives_idle": ("", 5),
    "keepalives_interval": ("", 3),
    "keepalives_count": ("", 3),
    "tcp_user_timeout": ("", 15_000),
}
_PASSWORD = re.compile(r"(?<=://)([^:@/?]*):[^@/?]*@")
_PARAMETER = re.compile(r"([?&])password=[^&]*(&?)")
_ATTRIBUTES = ("target_session_attrs", "PGTARGETSESSIONATTRS")


@dataclass(frozen=True, slots=True)
class Address:
    """``given``: what libpq is told; ``shown``: the URL without a password, for people."""

    given: dict[str, Any]
    shown: str
    several: bool

    def told(self, *, write: bool) -> dict[str, Any]:
        """What to connect with. Of several hosts, a writer wants the one that takes writes."""
        name, variable = _ATTRIBUTES
        if write and self.several and name not in self.given and variable not in os.environ:
            return {**self.given, name: "read-write"}
        return self.given


def address_of(url: str) -> Address:
    """What a URL says. Raises `StoreTrouble` (``store-url``)."""
    shown = without_password(url)
    try:
        said = conninfo_to_dict(url)
    except ProgrammingError:
        raise StoreTrouble("store-url", url=shown) from None
    given = {**said, **_ALWAYS}
    for name, (variable, value) in _UNLESS_SAID.items():
        if name not in said and (not variable or variable not in os.environ):
            given[name] = value
    hosts = str(said.get("host") or said.get("hostaddr") or os.environ.get("PGHOST", ""))
    return Address(given, shown, "," in hosts)


def without_password(url: str) -> str:
    """A URL as it may be shown."""
    return _PARAMETER.sub(lambda found: found[1] if found[2] else "", _PASSWORD.sub(r"\1@", url))
