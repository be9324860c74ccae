"""Deliveries of order lines that come in several, known again by their days: a table of weeks loses its
first one every week, and what follows is not late for that."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby

from msgspec.structs import replace

from app.core.deliveries import Delivery, KnownDelivery, numbered
from app.db.inbound_feed import ReportedArrival, line_of, numbered_key


def known_again(
    told: Sequence[ReportedArrival], known: Mapping[str, Sequence[KnownDelivery]], *, today: date
) -> list[ReportedArrival]:
    """The same with the keys of what they are; `known` holds the deliveries of lines that had or have
    several, by the line's key. Deliveries of one line follow each other in `told`."""
    found: list[ReportedArrival] = []
    for line, group in _lines(told):
        if line in known or len(group) > 1:
            deliveries = [Delivery(each.expected_on, each.quantity) for each in group]
            parts = numbered(deliveries, known.get(line, ()), today=today)
            keys = [numbered_key(line, part) for part in parts]
            found += [replace(each, source_key=key) for each, key in zip(group, keys, strict=True)]
        else:
            found += group
    return found


def in_several(told: Iterable[ReportedArrival]) -> set[str]:
    """The keys of lines that are told in several deliveries."""
    return {line for line, group in _lines(told) if len(group) > 1}


def _lines(told: Iterable[ReportedArrival]) -> Iterator[tuple[str, list[ReportedArrival]]]:
    """The deliveries of each line; the first begins another line, be it of the same key."""
    begun = 0

    def which(each: ReportedArrival) -> tuple[str, int]:
        nonlocal begun
        line = line_of(each.source_key)
        begun += each.source_key == line
        return line, begun

    for (line, _), group in groupby(told, key=which):
        yield line, [*group]
