"""What a line's quantities say together: how many units are ordered, have come, and still come."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.pipeline.files.fold import fold
from app.pipeline.files.vocabulary import PACKS, PIECES

AMOUNTS = ("quantity", "outstanding", "received", "cancelled", "accepted", "rejected")
"""What a line may tell of its units."""

UNITS, IN_PACKS = "units", "packs"
COUNTS = (UNITS, IN_PACKS)
"""What a column of them may count."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Units ordered and not taken back, units received of them (None: not told), and whether nothing
    more comes."""

    ordered: int
    received: int | None
    is_over: bool


def in_units(said: Mapping[str, int | None]) -> Amounts:
    """What is still to come is told best by what a tool calls outstanding. What a supplier accepted
    counts instead of what was asked for; next to rejected units it is what was received."""
    ordered, received, rejected = said["quantity"], said["received"], said["rejected"] or 0
    if said["accepted"] is not None and _is_on_receipt(said):
        received = said["accepted"] if received is None else received
    elif said["accepted"] is not None:
        ordered = said["accepted"]
    coming = max(0, (ordered or 0) - (said["cancelled"] or 0) - rejected)
    outstanding = said["outstanding"]
    if outstanding is not None:
        coming = outstanding + (received or 0) if outstanding else max(coming, received or 0)
    is_over = outstanding == 0 or (received is not None and 0 < coming <= received)
    return Amounts(coming, received, is_over)


def _is_on_receipt(said: Mapping[str, int | None]) -> bool:
    """Whether units were accepted or rejected as they came, not by the supplier, who answers for all
    that was ordered."""
    accepted, rejected, ordered = said["accepted"] or 0, said["rejected"], said["quantity"]
    if rejected is None:
        return False
    return said["received"] is None or (ordered is not None and accepted + rejected != ordered)


def in_single_units(used: Mapping[str, str], counts: Mapping[str, str]) -> frozenset[str]:
    """The roles whose columns count single units beside one that counts packs: by their names, or as a
    person said (`counts`: units or packs, by role). `used` are the columns' names by role."""
    said = frozenset(role for role in used if counts.get(role) == UNITS)
    packs = _in_packs(used, counts)
    named = {role for role, name in used.items() if {*fold(name).split()} & PIECES}
    return said | (named - packs) if packs else said


def of_unknown_size(used: Mapping[str, str], counts: Mapping[str, str]) -> tuple[str, str] | None:
    """A role whose column counts packs, and one of whose column nobody can tell."""
    packs = _in_packs(used, counts)
    known = packs | in_single_units(used, counts)
    unclear = [role for role in used if role not in known]
    return (min(packs, key=[*used].index), unclear[0]) if packs and unclear else None


def _in_packs(used: Mapping[str, str], counts: Mapping[str, str]) -> frozenset[str]:
    named = {role: IN_PACKS for role, name in used.items() if {*fold(name).split()} & PACKS}
    return frozenset(role for role in used if {**named, **counts}.get(role) == IN_PACKS)
