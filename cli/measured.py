"""Lines of a table that are measured before they are shown: how wide each column is, whether it holds
numbers.

As long as they are few they wait in memory, beyond that in a nameless file that is gone when it is closed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import IO

_FEW = 4_000
_NUMBER = re.compile(r"(-?[0-9][0-9,.]*( ct)?|US\$ .*|)")


class Measured:
    """Lines of a table, no cell of which holds a tab or a line end; ``count`` of them so far.

    ``empty``: columns are shown in which no line has anything.
    """

    def __init__(self, headers: Sequence[str], *, empty: bool) -> None:
        self.count = 0
        self._empty = empty
        self._widths = [shown_width(header) for header in headers]
        self._numbers = [True] * len(headers)
        self._filled = [False] * len(headers)
        self._lines: list[Sequence[str]] = []
        self._file: IO[str] | None = None

    def add(self, line: Sequence[str]) -> None:
        """Another line, of as many cells as there are headers. Raises `StoreTrouble`
        (``store-scratch``) where there is no room for the file."""
        for n, (cell, width) in enumerate(zip(line, self._widths, strict=True)):
            if cell:
                self._filled[n] = True
                self._widths[n] = max(width, shown_width(cell))
                self._numbers[n] = self._numbers[n] and _NUMBER.fullmatch(cell) is not None
        self.count += 1
        self._lines.append(line)
        if len(self._lines) >= _FEW:
            self._put_away()

    def _put_away(self) -> None:
        import tempfile  # seldom needed, and takes long to import

        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")
            self._file.writelines("\t".join(line) + "\n" for line in self._lines)
            self._file.flush()
        except OSError as problem:
            from ledger.store.ordered import no_room

            raise no_room(problem) from problem
        self._lines = []

    def __iter__(self) -> Iterator[Sequence[str]]:
        """All lines, in their order, once."""
        if self._file is not None:
            self._file.seek(0)
            for text in self._file:
                yield text[:-1].split("\t") if len(self._widths) else []
        yield from self._lines

    def aligned(self, line: Sequence[str]) -> str:
        """A line, or the headers, as wide as the lines so far ask for; numbers stand to the right."""
        shown = (n for n in range(len(line)) if self._empty or not self.count or self._filled[n])
        return "  ".join(self._cell(n, line[n]) for n in shown).rstrip()

    def _cell(self, n: int, cell: str) -> str:
        blank = " " * (self._widths[n] - shown_width(cell))
        return blank + cell if self.count and self._numbers[n] else cell + blank

    def __enter__(self) -> Measured:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


def shown_width(text: str) -> int:
    """How many columns of a terminal a text takes: two for a wide letter or picture, none for a mark on
    one (Unicode Standard Annex 11)."""
    if text.isascii():
        return len(text)
    import unicodedata

    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    marks = sum(unicodedata.category(c) in ("Mn", "Me", "Cf") for c in text)
    return len(text) + wide - marks
