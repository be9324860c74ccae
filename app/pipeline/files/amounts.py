"""What a line's quantities say together: how many units are ordered, have come, and still come."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Amounts:
    """Units ordered and not taken back, units received of them (None: not told), and whether nothing
    more comes."""

    ordered: int
    received: int | None
    is_over: bool


def in_units(said: Mapping[str, int | None], factor: int) -> Amounts:
    """What is still to come is told best by what a tool calls outstanding. What a supplier accepted
    counts instead of what was asked for; next to rejected units it is what was received."""
    ordered, received, rejected = said["quantity"], said["received"], said["rejected"] or 0
    if said["accepted"] is not None and said["rejected"] is not None and received is None:
        received = said["accepted"]
    elif said["accepted"] is not None:
        ordered = said["accepted"]
    coming = max(0, (ordered or 0) - (said["cancelled"] or 0) - rejected)
    outstanding = said["outstanding"]
    if outstanding is not None:
        coming = outstanding + (received or 0) if outstanding else max(coming, received or 0)
    is_over = outstanding == 0 or (received is not None and 0 < coming <= received)
    return Amounts(coming * factor, None if received is None else received * factor, is_over)
