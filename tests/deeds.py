"""What an attacker does to a ledger's file, one function for each deed of ``tests.attacks``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ledger.chain.entry import Entry
from ledger.chain.statement import Statement
from ledger.domain import events as e
from tests.attacker import Act, Attacker, signed
from tests.scene import Scene
from tests.world import AUTHORITY, ORIGIN, SITE, World, goods, signing_key

Deed = Callable[[Attacker, Scene], object]
THIEF = signing_key("thief")
SECOND = 1_000_000


def anew(change: Callable[[list[Act], Scene], object]) -> Deed:
    """Change the list of acts, then recompute everything."""

    def deed(attacker: Attacker, scene: Scene) -> None:
        acts = attacker.acts()
        change(acts, scene)
        attacker.rewrite(acts)

    return deed


def sql(statement: str, *names: str) -> Deed:
    """Run one statement; ``names`` are entries of the scene whose indexes it takes."""
    return lambda attacker, scene: attacker.sql(statement, *(scene.at[name] for name in names))


def flip(name: str, part: Callable[[Entry], bytes]) -> Deed:
    """Flip a bit in a part of an entry."""

    def deed(attacker: Attacker, scene: Scene) -> None:
        index = scene.at[name]
        attacker.flip(index, part(Entry.decode(attacker.entry(index))))

    return deed


def swap(attacker: Attacker, scene: Scene) -> None:
    """Swap the bytes of two entries."""
    one, other = scene.at["lone"], scene.at["valued"]
    first, second = attacker.entry(one), attacker.entry(other)
    attacker.put(one, second)
    attacker.put(other, first)


def longer(attacker: Attacker, scene: Scene) -> None:
    """Spell an entry's array longer than need be."""
    data = attacker.entry(scene.at["lone"])
    attacker.put(scene.at["lone"], b"\xdc\x00\x06" + data[1:])


def drop(name: str) -> Deed:
    """Leave an entry out."""

    def change(acts: list[Act], scene: Scene) -> None:
        del acts[scene.at[name]]

    return anew(change)


def cut(acts: list[Act], scene: Scene) -> None:
    """Leave out the last entry."""
    del acts[scene.at["last"] :]


def swap_anew(acts: list[Act], scene: Scene) -> None:
    """Swap two entries that nothing later contradicts; each takes the other's time."""
    one, other = scene.at["free"], scene.at["next"]
    acts[one], acts[other] = (
        replace(acts[other], recorded=acts[one].recorded),
        replace(acts[one], recorded=acts[other].recorded),
    )


def redate(by: int) -> Deed:
    """Record an entry so many microseconds later."""

    def change(acts: list[Act], scene: Scene) -> None:
        index = scene.at["free"]
        acts[index] = replace(acts[index], recorded=acts[index].recorded + by)

    return anew(change)


def redate_all(acts: list[Act], scene: Scene) -> None:
    """Record everything a day earlier."""
    acts[:] = [replace(act, recorded=act.recorded - 86_400 * SECOND) for act in acts]


def move(acts: list[Act], scene: Scene) -> None:
    """Put an entry that nothing contradicts to the end."""
    moved = acts.pop(scene.at["free"])
    acts.append(replace(moved, recorded=acts[-1].recorded))


def alter(acts: list[Act], scene: Scene) -> None:
    """Say something else in a statement, under the signature that it had."""
    index = scene.at["last"]
    body = {**acts[index].read().body, "note": "five times as much"}
    acts[index] = acts[index].changed(body=body)


def same_again(acts: list[Act], scene: Scene) -> None:
    """Record a statement a second time."""
    acts.append(replace(acts[scene.at["lone"]], recorded=acts[-1].recorded))


def sign_as_another(acts: list[Act], scene: Scene) -> None:
    """Put another party's key in a statement."""
    index = scene.at["last"]
    acts[index] = acts[index].changed(author=signing_key("dealer-7").public)


def _own(event: e.Event, ledger: str = ORIGIN) -> Statement:
    return Statement(ledger, b"thief" + bytes(11), event.TYPE, THIEF.public, e.write(event))


def own_sale(acts: list[Act], scene: Scene) -> None:
    """Mine a stone with a key that nobody enrolled."""
    event = e.Mined(by="miner-1", site=SITE, lines=(goods("P10", "9.000", "710231"),))
    acts.append(signed(_own(event), THIEF, acts[-1].recorded))


def own_enrolment(acts: list[Act], scene: Scene) -> None:
    """Enrol one's own key for a miner, signed with itself."""
    proof = THIEF.sign(b"adamas.enrol/1\n")
    event = e.KeyEnrolled(by=AUTHORITY, party="miner-1", key=THIEF.public, proof=proof)
    acts.append(signed(_own(event), THIEF, acts[-1].recorded))


def own_of_unknown_type(acts: list[Act], scene: Scene) -> None:
    """Record something that this version cannot read, with a key that nobody enrolled."""
    statement = Statement(ORIGIN, bytes(16), "parcel-blessed/1", THIEF.public, {"by": AUTHORITY})
    acts.append(signed(statement, THIEF, acts[-1].recorded))


def own_opening(acts: list[Act], scene: Scene) -> None:
    """Open the ledger with one's own key as the authority's; keep all the rest."""
    opening = acts[0].read()
    body = {**opening.body, "authority_key": THIEF.public, "recovery_key": signing_key("second").public}
    acts[0] = signed(replace(opening, author=THIEF.public, body=body), THIEF, acts[0].recorded)


def foreign(acts: list[Act], scene: Scene) -> None:
    """Put in a statement that a party here made for another ledger."""
    elsewhere = replace(acts[scene.at["lone"]].read(), ledger="ledger.example/na/z9", id=bytes(16))
    acts.insert(scene.at["lone"], signed(elsewhere, signing_key("miner-1"), acts[scene.at["lone"]].recorded))


def another_ledger(attacker: Attacker, scene: Scene) -> None:
    """Put a ledger of one's own in the place, with the same origin."""
    world = World(bare=True)
    opening = replace(world.opening(), authority_key=THIEF.public, recovery_key=signing_key("second").public)
    world.close()
    attacker.rewrite([signed(_own(opening), THIEF, attacker.acts()[0].recorded)])


def value_of_another(attacker: Attacker, scene: Scene) -> None:
    """Give a sealed value to another entry."""
    statement = "UPDATE disclosures SET idx = ? WHERE idx = ?"
    attacker.sql(statement, scene.at["lone"], scene.at["valued"])


def put_back(attacker: Attacker, scene: Scene) -> None:
    """Put an erased value back, from a copy of before the erasure."""
    attacker.keep(scene.at["forgotten"], scene.forgotten)


def alter_document(attacker: Attacker, scene: Scene) -> None:
    """Write something else into an attached document."""
    (document,) = scene.evidence.folder.iterdir()
    document.write_text("Another letter.", encoding="utf-8")


def remove_document(attacker: Attacker, scene: Scene) -> None:
    """Take an attached document away."""
    (document,) = scene.evidence.folder.iterdir()
    document.unlink()


def strange_document(attacker: Attacker, scene: Scene) -> None:
    """Put another document beside the attached one."""
    (scene.evidence.folder / "another.txt").write_text("Not asked for.", encoding="utf-8")


def unrecorded(attacker: Attacker, scene: Scene) -> None:
    """Append what a party here signed and handed over, and the keeper never recorded."""
    event = e.Mined(by="miner-1", site=SITE, lines=(goods("P11", "1.000", "710231"),))
    key = signing_key("miner-1")
    statement = Statement(ORIGIN, b"held back" + bytes(7), event.TYPE, key.public, e.write(event))
    acts = attacker.acts()
    attacker.rewrite([*acts, signed(statement, key, acts[-1].recorded)])


def scribble(attacker: Attacker, scene: Scene) -> None:
    """Write into a free page, into the header's reserved bytes, and behind the file's end."""
    attacker.sql("CREATE TABLE spare (bytes BLOB)")
    attacker.sql("INSERT INTO spare VALUES (zeroblob(9000))")
    attacker.sql("DROP TABLE spare")
    attacker.sql("PRAGMA journal_mode = DELETE")
    with scene.path.open("r+b") as file:
        file.seek(75)
        file.write(b"lies")
        file.seek(-2_000, 2)
        file.write(b"lies")
        file.seek(0, 2)
        file.write(b"lies")


def strange_log(attacker: Attacker, scene: Scene) -> None:
    """Put bytes where SQLite looks for what was not finished."""
    for ending in ("-wal", "-journal"):
        beside = scene.path.with_name(scene.path.name + ending)
        if not beside.exists():
            beside.write_bytes(b"lies" * 1_000)


def first_page(name: str) -> Deed:
    """Overwrite the page on which a table or index begins."""

    def deed(attacker: Attacker, scene: Scene) -> None:
        (size,) = attacker.sql("PRAGMA page_size")[0]
        (root,) = attacker.sql("SELECT rootpage FROM sqlite_schema WHERE name = ?", name)[0]
        with scene.path.open("r+b") as file:
            file.seek((root - 1) * size)
            file.write(b"\xee" * 64)

    return deed
