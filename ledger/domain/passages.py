"""Who could lawfully send goods to whom on a date: sender, receiver and the goods' origin, asked by both.

`passage` is the answer for a pair. The rules ask the same of what is recorded, each ledger for itself
(`ledger.domain.measure_rules`): the exporter's of certificates and exports, the importer's of imports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ledger.domain.participants import Answer, Participant, Reply, measured, measures, member, standing
from ledger.edtf import Span
from ledger.values import dataclass

Find = Callable[[str], Participant | None]
"""A participant by its code, None where the register has no such one."""

_WORST = (Reply.NO, Reply.UNKNOWN, Reply.YES)


@dataclass(frozen=True, slots=True)
class Passage:
    """Whether goods may pass, and the answer that decides it, with whom it is about."""

    participant: str
    answer: Answer


def passage(
    find: Find,
    sender: str,
    receiver: str,
    day: Span,
    *,
    origin: str | None = None,
    zone: str | None = None,
    parties: Sequence[str] = (),
    barring: Iterable[str] = (),
    asking: Sequence[str] | None = None,
) -> Passage:
    """Whether ``sender`` could lawfully send goods to ``receiver`` on a day: no before unknown before yes.

    ``origin`` is where they were mined, None: at the sender's; ``zone`` where in it; ``parties`` move them,
    and are held to the measures on parties of all ``barring`` participants. Both sides are asked, each with
    its national dates, or only those in ``asking``.
    """
    found: list[Passage] = []
    for here in asking or (sender, receiver):
        for code in (sender, receiver):
            found.append(Passage(code, trading(find(code), day, here=here)))
        found += barred_parties(find, barring, day, parties, here=here)
        mined = sender if origin is None else origin
        goods: Answer | None
        if mined == sender:
            goods = standing(find(mined), day, zone=zone, here=here)
        else:
            goods = embargo(find(mined), day, here=here)
        if goods is not None:
            found.append(Passage(mined, goods))
    return worst(found)


def worst(found: Iterable[Passage]) -> Passage:
    """What decides: no before unknown before yes, what needs attestations before what needs none."""
    return min(found, key=lambda one: (_WORST.index(one.answer.reply), one.answer.attestations is None))


def trading(participant: Participant | None, day: Span, *, here: str | None = None) -> Answer:
    """Whether a participant may trade at all, its own goods aside: membership, and the measures that stop all
    of its trade.
    """
    answer = member(participant, day, here)
    if participant is None or answer.reply != Reply.YES:
        return answer
    stopping = (m for m in measures(participant) if m.effect == "no-trade" and not m.zones)
    return measured(stopping, day, here=here) or answer


def embargo(participant: Participant | None, day: Span, *, here: str | None = None) -> Answer | None:
    """The embargo that meets goods mined in a country on a day, wherever they come from; None: there is none.

    It is asked of a country that was no member too: that was Liberia's case.
    """
    if participant is None:
        return None
    stopping = (m for m in measures(participant) if m.effect == "no-origin")
    return measured(stopping, day, here=here)


def barred_parties(
    find: Find, barring: Iterable[str], day: Span, parties: Iterable[str], *, here: str | None = None
) -> Iterator[Passage]:
    """The measures that bar one of the parties, under whichever participant's name they were adopted: who is
    listed moves no goods of anybody.
    """
    for code in dict.fromkeys(barring):
        participant = find(code)
        listed = () if participant is None else measures(participant)
        among = [measure for measure in listed if measure.effect == "no-party"]
        answer = measured(among, day, parties=parties, here=here)
        if answer is not None and answer.reply != Reply.YES:
            yield Passage(code, answer)


def barred_zones(
    participant: Participant, day: Span, zones: Iterable[str], *, here: str | None = None
) -> Iterator[Answer]:
    """The answers that keep goods of a participant's zones from leaving; of unnamed ones where none is
    named.
    """
    about = [m for m in measures(participant) if m.effect == "zones-only" or m.zones]
    for zone in tuple(zones) or (None,):
        answer = measured(about, day, zone=zone, here=here)
        if answer is not None and answer.reply != Reply.YES:
            yield answer
