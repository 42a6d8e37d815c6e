"""What goes wrong by itself in a simulated world, how often, and what is booked then.

Kinds and causes are those that reconciliations of real statistics name: numbers, values and HS classes keyed
wrongly, the provenance booked as the mining origin, mail that comes a month late, confirmations that come
late or never. How often they happen is this simulation's choice: nobody publishes it.
"""

from __future__ import annotations

from random import Random

PRICE, TICKET = "price-typed-tenfold", "ticket-digits-swapped"
NUMBER, VALUE, CLASS, ORIGIN = (
    "number-miskeyed",
    "value-typed-tenfold",
    "class-miskeyed",
    "provenance-as-origin",
)
MAIL, LATE, LOST = "mail-a-month-late", "confirmation-late", "confirmation-lost"

OFTEN = {
    PRICE: 4, TICKET: 4, NUMBER: 10, VALUE: 10, CLASS: 10, ORIGIN: 50, MAIL: 20, LATE: 100, LOST: 20,
}  # fmt: skip
"""In a thousand of the acts that can go wrong so."""


def happens(random: Random, kind: str) -> bool:
    """Whether it goes wrong this time."""
    return random.random() * 1_000 < OFTEN[kind]


def other_number(number: str) -> str:
    """A certificate's number with its first digit keyed wrongly."""
    letters, _, digits = number.partition(" ")
    return f"{letters} {(int(digits[0]) + 8) % 10}{digits[1:]}"


def swapped(weight: int) -> int:
    """A weight in hundredths of a carat with the first two digits that ascend swapped; the same, where none
    do.
    """
    digits = list(str(weight // 10))
    for place in range(len(digits) - 1):
        if digits[place] < digits[place + 1]:
            digits[place], digits[place + 1] = digits[place + 1], digits[place]
            break
    return int("".join(digits)) * 10
