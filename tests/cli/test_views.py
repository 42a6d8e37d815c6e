"""``adamas views rebuild``: what it prints, and that a wrong list is right again."""

from __future__ import annotations

import sqlite3

from tests.laptop import Laptop


def planted(laptop: Laptop) -> None:
    """A row of a view says otherwise than the entries."""
    laptop.ok("list", "parcels")
    with sqlite3.connect(laptop.ledger) as file:
        file.execute("UPDATE view_parcels SET holder = 'dealer-1' WHERE parcel = 'K1'")
    file.close()


def test_a_wrong_list_is_right_again(laptop: Laptop) -> None:
    """The check names the command, and after it finds nothing."""
    planted(laptop)
    assert laptop.data("list", "parcels")["parcels"][0]["holder"] == "dealer-1"
    found = laptop("verify", "--views")
    assert (found.code, "adamas views rebuild" in found.err) == (1, True)
    size = laptop.size()
    ran = laptop.ok("views", "rebuild")
    assert ran.out.startswith(f"entries   {size}\nhead      {size - 1}:")
    assert laptop.data("list", "parcels")["parcels"][0]["holder"] == "miner-1"
    laptop.ok("verify", "--views")
    assert laptop.size() == size


def test_as_json_with_the_rows_of_each_view(laptop: Laptop) -> None:
    """Also where no view was ever built."""
    told = laptop.data("views", "rebuild")
    assert told["entries"] == laptop.size() == told["rows"]["entries"]
    assert told["rows"]["parcels"] == 1
    assert told["head"].startswith(f"{told['entries'] - 1}:")
