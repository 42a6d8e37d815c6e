"""The table of attacks: what somebody who has a ledger's file and no key can do, and which step finds it.

``ATTACKS`` is played by ``tests/ledger/audit/test_attacks.py``, row by row, without and with a head held
outside; `markdown` makes the README's table of it. An attack that recomputes uses everything that needs
no key (`tests.attacker`): numbers, links, frontier, head and all tables are as the program would have written
them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.chain import steps
from tests import deeds
from tests.deeds import SECOND, Deed, anew, drop, flip, redate, sql
from tests.scene import Scene


@dataclass(frozen=True)
class Found:
    """The step that finds an attack, at which entry (the scene's name for it and how many further on; "" for
    no single one), and that entry in words."""

    step: int
    at: str = ""
    on: int = 0
    words: str = "the file"

    def index(self, scene: Scene) -> int | None:
        """The entry's index."""
        if not self.at:
            return None
        return (scene.head.index if self.at == "head" else scene.at[self.at]) + self.on

    def __str__(self) -> str:
        return f"step {self.step}, {'at' if self.at else 'in'} {self.words}"


@dataclass(frozen=True)
class Attack:
    """One row. ``without``, ``within``, ``held``: what finds it without anything held outside, with a head,
    with a checkpoint; None: nothing."""

    name: str
    deed: Deed
    without: Found | None
    within: Found | None
    held: Found | None

    @property
    def findings(self) -> tuple[Found | None, Found | None, Found | None]:
        """What finds it, column by column."""
        return self.without, self.within, self.held


def found(name: str, deed: Deed, step: int, at: str = "", on: int = 0, words: str = "") -> Attack:
    """An attack that is found with or without a head."""
    usual = "the entry behind it" if on > 0 and at != "head" else "that entry" if at else "the file"
    finding = Found(step, at, on, words or usual)
    return Attack(name, deed, finding, finding, finding)


def hidden(name: str, deed: Deed) -> Attack:
    """An attack that only something held outside finds."""
    return Attack(name, deed, None, Found(steps.LINKS, "head", 0, "the head"), Found(steps.SEEN))


def harmless(name: str, deed: Deed) -> Attack:
    """Something that is no alteration, and that no step finds."""
    return Attack(name, deed, None, None, None)


BYTES = (
    found("flip a bit in a statement", flip("sold", lambda entry: b"dealer-7"), 7, "sold"),
    found("flip a bit in its author", flip("sold", lambda entry: entry.statement[11:44]), 7, "sold"),
    found("flip a bit in a signature", flip("sold", lambda entry: entry.signature), 7, "sold"),
    found("flip a bit in the last signature", flip("last", lambda entry: entry.signature), 7, "last"),
    found("flip a bit in the hash before it", flip("sold", lambda entry: entry.previous), 3, "sold"),
    found("flip a bit in its time", flip("sold", lambda entry: entry.recorded.to_bytes(8)),
          3, "sold", 1),
    found("spell an entry otherwise", deeds.longer, 1, "lone"),
    found("swap two entries", deeds.swap, 2, "lone"),
    found("drop an entry", sql("DELETE FROM stored_events WHERE originator_version = ?", "lone"), 2, "lone"),
    found("drop the last entries", sql("DELETE FROM stored_events WHERE originator_version >= ?", "last"), 9),
    found("number an entry otherwise", sql("UPDATE stored_events SET originator_version = 9000 "
          "WHERE originator_version = ?", "lone"), 2, "lone"),
)  # fmt: skip
RECOMPUTED = (
    found("alter a statement", anew(deeds.alter), 7, "last"),
    found("put another author to it", anew(deeds.sign_as_another), 7, "last"),
    found("drop what somebody attested", drop("sold"), 6, "attested", -1, "the attestation"),
    found("drop what somebody has seen", drop("lone"), 6, "seen", -1, "the statement that says so"),
    found("drop how goods began", drop("mined"), 9, "sold", -1, "the next act on them"),
    found("drop the enrolment of a key", drop("enrolled"), 8, "attested", -1, "its next act"),
    found("re-date everything", anew(deeds.redate_all), 6, "attested", 0, "an attestation"),
    found("re-date an entry before its neighbour", redate(-10 * SECOND), 4, "free"),
    found("record a statement again", anew(deeds.same_again), 5, "head", 1),
    found("put in an entry of another ledger", anew(deeds.foreign), 5, "lone"),
    found("put in an entry signed with a key of one's own", anew(deeds.own_sale), 8, "head", 1),
    found("enrol a key of one's own", anew(deeds.own_enrolment), 8, "head", 1),
    found("put in an entry of an unknown type", anew(deeds.own_of_unknown_type), 8, "head", 1),
    found("open the ledger with a key of one's own", anew(deeds.own_opening), 8, "opened", 1, "entry 1"),
    hidden("drop an entry that nothing later contradicts", drop("free")),
    hidden("swap two such entries", anew(deeds.swap_anew)),
    hidden("move such an entry to the end", anew(deeds.move)),
    hidden("re-date such an entry between its neighbours", redate(SECOND // 2)),
    hidden("cut off the end (or put an older copy in the place)", anew(deeds.cut)),
    hidden("put a ledger of one's own in the place, under the same origin", deeds.another_ledger),
)  # fmt: skip
FILE = (
    found("remove a link", sql("DELETE FROM links WHERE idx = ?", "sold"), 9, "sold"),
    found("put in a link", sql("INSERT INTO links VALUES ('parcel:P9', 3, ?)", "last"), 9, "last"),
    found("link another entry", sql("UPDATE links SET idx = ? WHERE idx = ?", "lone", "sold"), 9, "sold"),
    found("put a text in the place of a link's entry",
          sql("UPDATE links SET idx = 'none' WHERE subject = 'parcel:P1' AND idx = ?", "mined"), 9, "mined"),
    found("change a link's version", sql("UPDATE links SET version = 7 WHERE idx = ?", "sold"), 9, "sold"),
    found("remove a mention", sql("DELETE FROM mentions WHERE idx = ?", "sold"), 9, "sold"),
    found("put in a mention", sql("INSERT INTO mentions VALUES ('party:dealer-8', ?)", "sold"), 9, "sold"),
    found("remove an id", sql("DELETE FROM ids WHERE idx = ?", "sold"), 9, "sold"),
    found("give an id to another entry",
          sql("UPDATE ids SET idx = ? WHERE idx = ?", "lone", "sold"), 9, "sold"),
    found("list an entry under another type", sql("UPDATE stored_events SET topic = 'parcel-lost/1' "
          "WHERE originator_version = ?", "sold"), 9, "sold"),
    found("change where a type begins", sql("UPDATE types SET first = 3 WHERE first = ?", "sold"), 9, "sold"),
    found("change a kept node of the tree", sql("UPDATE nodes SET hash = zeroblob(32) WHERE place = 1"), 9),
    found("remove a kept node of the tree", sql("DELETE FROM nodes WHERE place = 1"), 9),
    found("change the size in the head row", sql("UPDATE head SET size = size - 1"), 9),
    found("change the hash in the head row", sql("UPDATE head SET hash = zeroblob(32)"), 9),
    found("change the time in the head row", sql("UPDATE head SET recorded = recorded + 1"), 9),
    found("change the frontier in the head row", sql("UPDATE head SET frontier = x''"), 9),
    found("change a kept hash of the tree", sql("UPDATE nodes SET hash = zeroblob(32)"), 9),
    found("remove the kept hashes of the tree", sql("DELETE FROM nodes"), 9),
    found("remove the head row", sql("DELETE FROM head"), 9),
    found("remove a sealed value", sql("DELETE FROM disclosures WHERE idx = ?", "valued"), 10, "valued"),
    found("alter a sealed value", sql("UPDATE disclosures SET disclosure = substr(disclosure, 1, 30) "
          "|| 'AAAA' || substr(disclosure, 35) WHERE idx = ?", "valued"), 10, "valued"),
    found("give a sealed value to another entry", deeds.value_of_another, 10, "lone"),
    found("list a sealed value under another digest", sql("UPDATE disclosures SET digest = 'x' WHERE idx = ?",
          "valued"), 10, "valued"),
    found("put an erased value back", deeds.put_back, 10, "forgotten"),
    found("change a row of a view (with --views)", sql("UPDATE view_parcels SET weight = weight + 1"), 9),
    found("move the views' position (with --views)", sql("UPDATE views SET position = position + 1"), 9),
    found("add, rename or drop a view's column (with --views)",
          sql("ALTER TABLE view_parcels RENAME COLUMN holder TO owner_of_old"), 9),
    found("drop a view's table or index (with --views)", sql("DROP INDEX view_parcels_by_holder"), 9),
    found("put in rows that nobody reads",
          sql("INSERT INTO stored_events VALUES ('other', 0, 'a/1', x'00')"), 9),
    found("put a text in an entry's place", sql("UPDATE stored_events SET state = 'none' "
          "WHERE originator_version = ?", "lone"), 2, "lone"),
    found("put in a trigger", sql("CREATE TRIGGER lie AFTER INSERT ON links BEGIN DELETE FROM ids; END"), 9),
    found("put in a table", sql("CREATE TABLE lies (id INTEGER)"), 9),
    found("drop an index", sql("DROP INDEX erasures"), 9),
    found("drop a table", sql("DROP TABLE mentions"), 9),
    found("overwrite the page where the entries begin", deeds.first_page("stored_events"), 1,
          "opened", 0, "entry 0"),
    found("overwrite the page where the links begin", deeds.first_page("links"), 9),
    found("alter an attached document", deeds.alter_document, 11, "reported"),
    harmless("remove an attached document (a note says that it is not here)", deeds.remove_document),
    harmless("put a document beside that no entry names", deeds.strange_document),
    harmless("record a statement that its author had signed, and nobody had recorded", deeds.unrecorded),
    harmless("number the sealed values otherwise (nobody reads it)",
             sql("UPDATE disclosures SET number = number + 100")),
    harmless("write where nobody reads: free pages, unused fields of the header, behind the end",
             deeds.scribble),
    harmless("put a log or a journal beside that is none", deeds.strange_log),
    harmless("call the views another version's (a note says so; they are built anew)",
             sql("UPDATE views SET version = version + 1")),
    harmless("let SQLite keep statistics", sql("ANALYZE")),
    harmless("throw the views away (they are built anew)", lambda attacker, scene: attacker.drop_views()),
    harmless("lay the file out anew (VACUUM)", sql("VACUUM")),
)  # fmt: skip

GROUPS = {
    "Entries changed in place": BYTES,
    "Entries changed, and everything recomputed that needs no key": RECOMPUTED,
    "Tables, sealed values, documents and the file": FILE,
}
"""The rows by what the attacker works on."""
ATTACKS = tuple(attack for group in GROUPS.values() for attack in group)


def markdown() -> str:
    """The table as the README carries it."""
    lines = [
        "| attack | nothing held outside | a head held outside | a checkpoint held outside |",
        "|---|---|---|---|",
    ]
    for name, group in GROUPS.items():
        lines.append(f"| **{name}** | | | |")
        for attack in group:
            cells = [str(finding) if finding else "not found" for finding in attack.findings]
            lines.append(f"| {attack.name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
