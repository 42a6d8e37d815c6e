"""How a table is written: its encoding, separator, decimal mark and unit; detected, never guessed in silence.

Every part of a `Dialect` says what it is, whether a person gave it, and why it is taken to be so. A part that
the file leaves open (`12,345` may be twelve carats or twelve thousand) has no value: it must be given. What
was detected is shown and confirmed by whoever calls this.

| part      | told by                                                                                        |
|-----------|------------------------------------------------------------------------------------------------|
| encoding  | a byte order mark; bytes that are UTF-8; zero bytes (UTF-16); otherwise the code page in which |
|           | the bytes are letters, and capitals stand where capitals do                                    |
| separator | a line `sep=;`, or the one that gives most of the template's columns                           |
| decimal   | a number with one mark that cannot divide thousands, or with both marks                        |
| unit      | the weight column's heading: `weight (ct)`, `weight (g)`                                       |
| dates     | a day above 12 in `24/11/2026`; dots, as in `24.11.2026`; no part where all are `2026-11-24`   |
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from ledger import messages
from ledger.errors import Malformed
from ledger.values import dataclass

SEPARATORS = (",", ";", "\t", "|")
DECIMALS = (".", ",")
UNITS = ("ct", "g")
DATES = ("day-first", "month-first")
CODE_PAGES = ("cp1252", "cp1250", "cp850")
ENCODINGS = ("utf-8", "utf-16", *CODE_PAGES)
GIVEN_AS = {
    "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "point": ".", "carats": "ct", "grams": "g",
}  # fmt: skip
"""Words for what is hard to type on a command line."""

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SAMPLE = 65_536
_ODD_LINES = 1_000_000
_WORD = re.compile(r"[^\s,;|\"]+")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a dialect: ``value`` None where the file leaves it open; ``because`` in words."""

    name: str
    value: str | None
    because: str
    given: bool = False

    @property
    def shown(self) -> str:
        """The value for people: a tab has a name."""
        return {"\t": "tab", None: "?"}.get(self.value, str(self.value))


@dataclass(frozen=True, slots=True)
class Dialect:
    """All parts of a file's dialect, in the order in which they were found."""

    parts: tuple[Part, ...] = ()

    def __getitem__(self, name: str) -> str:
        found = next((part.value for part in self.parts if part.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def get(self, name: str, default: str) -> str:
        """The value of a part, ``default`` where there is no such part or it is open."""
        return next((part.value for part in self.parts if part.name == name and part.value), default)

    @property
    def open(self) -> tuple[Part, ...]:
        """What the file leaves open and must be given."""
        return tuple(part for part in self.parts if part.value is None)

    @property
    def detected(self) -> tuple[Part, ...]:
        """What was not given and is to be confirmed."""
        return tuple(part for part in self.parts if not part.given)

    def then(self, *parts: Part) -> Dialect:
        """This dialect with further parts."""
        return Dialect((*self.parts, *parts))


def given(name: str, value: str) -> Part:
    """A part as a person gave it."""
    return Part(name, value, messages.text("dialect-given", {}), True)


def _because(name: str, value: str | None, code: str, **values: object) -> Part:
    return Part(name, value, messages.text(code, values))


def encoding_of(data: bytes) -> Part:
    """In which encoding the bytes are text."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _because("encoding", name, "dialect-mark")
    sample = data[:_SAMPLE]
    if sample.count(0) * 4 > len(sample):
        even = sample[0::2].count(0)
        return _because(
            "encoding", "utf-16-be" if even > sample.count(0) - even else "utf-16-le", "dialect-zeros"
        )
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _code_page(data)
    return _because("encoding", "utf-8", "dialect-ascii" if data.isascii() else "dialect-utf-8")


def _code_page(data: bytes) -> Part:
    """The code page in which the bytes read most like words; open where two that differ do equally well."""
    sample = b"\n".join(line for line in data.split(b"\n") if not line.isascii())[:_ODD_LINES]
    found: dict[str, str] = {}
    for page in CODE_PAGES:
        try:
            found[page] = sample.decode(page)
        except UnicodeDecodeError:
            continue
    scores = {page: _wordlike(text) for page, text in found.items()}
    best = {page: found[page] for page, score in scores.items() if score == max(scores.values())}
    if len(set(best.values())) != 1:
        return _because("encoding", None, "dialect-pages", readings=_readings(best))
    page, text = next(iter(best.items()))
    odd = dict.fromkeys(character for character in text if ord(character) > 127)
    return _because("encoding", page, "dialect-page", sample="".join(odd)[:12])


def _readings(texts: Mapping[str, str]) -> str:
    """The first word that the pages read differently, in each of them."""
    words = zip(*(_WORD.findall(text) for text in texts.values()), strict=False)
    differing: tuple[str, ...] = next((row for row in words if len(set(row)) > 1), ())
    read = [f"{word} in {page}" for page, word in zip(texts, differing, strict=False)]
    return ", ".join(read or texts)


def _wordlike(text: str) -> int:
    """How many characters beyond ASCII are letters; a capital behind a small letter counts against."""
    pairs = zip(" " + text, text, strict=False)
    return sum(
        letter.isalpha() - 2 * (letter.isupper() and before.islower())
        for before, letter in pairs
        if ord(letter) > 127
    )


def decoded(data: bytes, encoding: str) -> str:
    """The text, without a byte order mark.

    Raises `Malformed`: ``table-no-encoding``, ``table-encoding`` naming the byte, ``table-nul`` for zero
    characters.
    """
    try:
        text = data.decode(encoding)
    except LookupError:
        raise Malformed("table-no-encoding", encoding=encoding, known=", ".join(ENCODINGS)) from None
    except UnicodeDecodeError as problem:
        raise Malformed("table-encoding", encoding=encoding, place=problem.start) from None
    if "\0" in text:
        raise Malformed("table-nul", row=text.count("\n", 0, text.index("\0")) + 1)
    return text.removeprefix("\ufeff")


def separator_of(text: str, recognised: Callable[[list[str]], int]) -> Part:
    """What separates the cells: ``recognised`` counts the headings it knows in a row."""
    told = re.match(r"sep=([,;\t|])\r?\n", text)
    if told:
        return _because("separator", told[1], "dialect-sep-line")
    counted = {mark: recognised(_first_row(text, mark)) for mark in SEPARATORS}
    best = [mark for mark, count in counted.items() if count == max(counted.values())]
    if len(best) != 1 or not counted[best[0]]:
        return _because("separator", None, "dialect-no-separator")
    return _because("separator", best[0], "dialect-separator", count=counted[best[0]])


def _first_row(text: str, separator: str) -> list[str]:
    try:
        return next((cells for _, cells in rows_of(text[:_SAMPLE], separator)), [])
    except Malformed:
        return []


def rows_of(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with their number, from 1 as a spreadsheet shows them; a line ``sep=`` counts and is left out.

    Raises `Malformed` (``table-quote``) naming the row where a quotation mark goes wrong.
    """
    start = 1
    if re.match(r"sep=[,;\t|]\r?\n", text):
        start, text = 2, text[text.index("\n") + 1 :]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = start
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            raise Malformed("table-quote", row=number, reason=str(problem)) from None
        yield number, cells
        number += 1


def decimal_of(numbers: Iterable[str]) -> Part:
    """The decimal mark of numbers as they are written; no mark in any of them is as good as a point."""
    told: dict[str, str] = {}
    doubtful = ""
    for number in numbers:
        mark = _mark_of(number)
        if mark == "?":
            doubtful = number
        elif mark:
            told.setdefault(mark, number)
    return _by_examples("decimal", told, doubtful) or _because("decimal", ".", "dialect-no-decimals")


def _by_examples(part: str, told: Mapping[str, str], doubtful: str) -> Part | None:
    """A part as cells show it, each value with a cell that shows it; None where no cell says anything."""
    if len(told) == 1:
        value, example = next(iter(told.items()))
        return _because(part, value, "dialect-example", example=example)
    if told:
        return _because(part, None, "dialect-examples", examples=" and ".join(told.values()))
    return _because(part, None, "dialect-two-ways", example=doubtful) if doubtful else None


_SPACED = re.compile(r"(?<=[0-9])[ \u00a0\u2009\u202f'’](?=[0-9]{3}(?![0-9]))")
_ONE_MARK = re.compile(r"[0-9]+([.,])[0-9]+")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*")
_GROUPED_TO_A_MARK = re.compile(r"[1-9][0-9]{0,2}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*((?!\1)[.,])[0-9]+")


def _mark_of(number: str) -> str:
    """The decimal mark of a number; ``?`` where its one mark may divide thousands, empty if none is told."""
    bare = _SPACED.sub("", number.strip().lstrip("-"))
    if found := _GROUPED_TO_A_MARK.fullmatch(bare):
        return found[2]
    if found := _GROUPED.fullmatch(bare):
        return "?" if bare.count(found[1]) == 1 else {",": ".", ".": ","}[found[1]]
    found = _ONE_MARK.fullmatch(bare)
    return found[1] if found else ""


_WRITTEN_DATE = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})")


def dates_of(texts: Iterable[str]) -> Part | None:
    """Whether day or month comes first in dates that end in the year; None where no date does."""
    told: dict[str, str] = {}
    doubtful = ""
    for text in texts:
        if (found := _WRITTEN_DATE.fullmatch(text.strip())) is None:
            continue
        first, second = int(found[1]), int(found[3])
        if first > 12 or (found[2] == "." and second <= 12):
            told.setdefault("day-first", text.strip())
        elif second > 12:
            told.setdefault("month-first", text.strip())
        else:
            doubtful = text.strip()
    return _by_examples("dates", told, doubtful)


def plain_date(text: str, order: str) -> str:
    """A date that ends in the year as ``2026-11-24``; anything else as it is.

    >>> plain_date("4.11.2026", "day-first"), plain_date("11/04/2026", "month-first")
    ('2026-11-04', '2026-11-04')
    """
    if (found := _WRITTEN_DATE.fullmatch(text)) is None or order not in DATES:
        return text
    day, month = (found[1], found[3]) if order == "day-first" else (found[3], found[1])
    return f"{found[4]}-{month:0>2}-{day:0>2}"


_PLAIN = {
    ".": re.compile(r"-?[0-9]{1,15}(?:\.[0-9]+)?"),
    ",": re.compile(r"-?[0-9]{1,15}(?:,[0-9]+)?"),
}


def plain_number(text: str, decimal: str) -> str:
    """A number with a point and without marks between thousands. Raises ``ValueError`` for anything else.

    Spaces and apostrophes may divide thousands; the other mark may where the decimal mark is there as well.

    >>> plain_number("1.234,5", ","), plain_number("12 000", ",")
    ('1234.5', '12000')
    """
    other = "," if decimal == "." else "."
    bare = _SPACED.sub("", text.strip())
    if decimal in bare:
        whole, _, part = bare.partition(decimal)
        if re.fullmatch(rf"-?[1-9][0-9]{{0,2}}(?:\{other}[0-9]{{3}})+", whole):
            bare = whole.replace(other, "") + decimal + part
    if not _PLAIN[decimal].fullmatch(bare):
        raise ValueError(text)
    return bare.replace(",", ".")
