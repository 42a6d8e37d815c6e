"""The exceptions of Adamas: each class is one row of the exit-code table, each instance one stable code.

| exit | class          | meaning                                                              |
|------|----------------|----------------------------------------------------------------------|
| 0    |                | done                                                                 |
| 1    | `Faults`       | the check ran to its end and found faults                            |
| 2    |                | the command line was not understood (click's own code)               |
| 3    | `Refused`      | a rule refused the act; nothing was recorded                         |
| 4    | `Malformed`    | bytes or a file do not have the form they must have                  |
| 5    | `NotFound`     | the ledger does not know what was asked for                          |
| 6    | `KeyTrouble`   | a key or passphrase is missing, wrong, or open to others             |
| 7    | `StoreTrouble` | the ledger file cannot be opened, read or written                    |
| 8    | `Conflict`     | the same id with other bytes, or another writer was first, repeatedly |
| 9    | `Unconfirmed`  | a person must confirm something and nobody did                       |
| 10   | `Unavailable`  | an optional extra is not installed, or a server did not answer       |

Anything else that escapes is a fault of the program (exit 70) and shows where it happened.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ledger import messages


class AdamasError(Exception):
    """Something a person can act on. ``code`` is stable; ``values`` fill the catalogue's text."""

    exit_code: ClassVar[int] = 70

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code, values)
        self.code = code
        self.values = values

    def __str__(self) -> str:
        return messages.text(self.code, self.values)


class Faults(AdamasError):
    """A check ran to its end and found faults."""

    exit_code = 1


class Refused(AdamasError):
    """A rule refused an act; nothing was recorded. ``refusals`` are the rules' values, first one first."""

    exit_code = 3

    def __init__(self, code: str, refusals: tuple[Any, ...] = (), **values: Any) -> None:
        super().__init__(code, **values)
        self.refusals = refusals


class Malformed(AdamasError):
    """Bytes or a file do not have the form they must have."""

    exit_code = 4


class NotFound(AdamasError):
    """The ledger does not know what was asked for."""

    exit_code = 5


class KeyTrouble(AdamasError):
    """A key or passphrase is missing, wrong, or open to others."""

    exit_code = 6


class StoreTrouble(AdamasError):
    """The ledger file cannot be opened, read or written."""

    exit_code = 7


class Conflict(AdamasError):
    """The same id with other bytes, or another writer was first, repeatedly."""

    exit_code = 8


class Unconfirmed(AdamasError):
    """A person must confirm something and nobody did."""

    exit_code = 9


class Unavailable(AdamasError):
    """An optional extra is not installed, or a server did not answer."""

    exit_code = 10
