"""Lines of one purchase order for one SKU, as the deliveries that they are together."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from msgspec.structs import replace

from app.pipeline.arrivals import Bad, Wording


def merge_lines(lines: Iterable[Wording | Bad]) -> list[Wording | Bad]:
    """All lines of a file that is small, those for the same goods as in `merge`."""
    bad: list[Wording | Bad] = []
    groups: dict[tuple[str, ...], list[Wording]] = defaultdict(list)
    for line in lines:
        if isinstance(line, Bad):
            bad.append(line)
        else:
            key = (line.shipment, line.reference, line.item, line.location)
            groups[tuple(map(str.casefold, key))].append(line)
    return [*(one for group in groups.values() for one in merge(group)), *bad]


def merge(lines: Sequence[Wording]) -> list[Wording]:
    """Lines of one purchase order for one SKU: one day is one delivery, several are numbered by their
    order. Those that will not come add nothing to those that will."""
    coming = [line for line in lines if line.quantity and not line.is_over] or list(lines[:1])
    by_day: dict[date | None, list[Wording]] = defaultdict(list)
    for line in coming:
        by_day[line.expected_on].append(line)
    days = sorted(by_day, key=lambda day: (day is None, day or date.max))
    return [replace(_sum(by_day[day]), part=part) for part, day in enumerate(days, 1)]


def _sum(lines: Sequence[Wording]) -> Wording:
    told = [line.received for line in lines if line.received is not None]
    return replace(
        lines[0],
        quantity=sum(line.quantity for line in lines),
        received=sum(told) if told else None,
        received_on=max((line.received_on for line in lines if line.received_on), default=None),
    )
