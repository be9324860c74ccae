"""The queue on an item's page: its sums, and a screen of its lines."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from app.core.model import Arrival
from app.core.queue_view import QueueLine, QueueSums, as_lines, outside_at, sum_up
from app.db import long_queues, orders
from app.db.long_queues import PAGE
from app.db.models import StockItem
from app.db.risk import late_percents_of
from app.pipeline.whatif import standing_of
from app.web.pages.frame import OpenShop
from app.web.pages.queue_chart import QueueChart, draw, steps_of

NOBODY = QueueSums(0, 0, 0, 0, 0, (), ())


class QueueRow(NamedTuple):
    """One line of the queue as the page tells it."""

    place: int
    name: str
    line: QueueLine
    late_percent: int | None


class Outside(NamedTuple):
    """An order some of whose units no stock is committed to yet."""

    order_id: int
    name: str
    units: int


@dataclass(frozen=True, slots=True)
class Queues:
    """The queues of an item: their sums by location, and how to read a page of one, and who waits
    outside it. Long ones are as a worker decided them at `kept_at`; others are decided now."""

    sums: Mapping[int, QueueSums]
    lines: Callable[[int, int], Sequence[QueueLine]]
    outside: Callable[[int], Sequence[tuple[int, int]]]
    kept_at: datetime | None = None

    def short_at(self, location_id: int) -> int:
        """Units short there."""
        return self.sums[location_id].short if location_id in self.sums else 0

    def most_short(self, places: Iterable[int]) -> int | None:
        """Of these locations that where most units are short."""
        return max(
            places,
            key=lambda one: (self.short_at(one), self.sums.get(one, NOBODY).length),
            default=None,
        )


def queues_of(opened: OpenShop, item: StockItem) -> Queues:
    """The queues of an item."""
    return (_kept(opened, item) if item.has_long_queue else None) or _decided_now(opened, item)


def _kept(opened: OpenShop, item: StockItem) -> Queues | None:
    key = (opened.session, opened.id, item.item_id)
    found = long_queues.read_sums(*key)
    if not found:
        return None
    return Queues(
        sums={location_id: sums for location_id, (sums, _) in found.items()},
        lines=lambda location_id, page: long_queues.read_page(*key, location_id, page),
        outside=lambda location_id: long_queues.read_outside(*key, location_id),
        kept_at=min(kept_at for _, kept_at in found.values()),
    )


def _decided_now(opened: OpenShop, item: StockItem) -> Queues:
    standing = standing_of(opened.session, opened.shop, item, now=opened.say.now)
    decided = standing.decide()
    outside = {location_id: outside_at(standing.waiting, location_id) for location_id in decided}
    return Queues(
        sums={
            location_id: sum_up(
                queue,
                standing.states[location_id],
                today=standing.today,
                zone=opened.say.zone,
                outside=len(outside[location_id]),
            )
            for location_id, queue in decided.items()
        },
        lines=lambda location_id, page: as_lines(decided[location_id][(page - 1) * PAGE : page * PAGE]),
        outside=lambda location_id: outside[location_id][:PAGE],
    )


def read_rows(
    opened: OpenShop, item: StockItem, lines: Sequence[QueueLine], *, location_id: int, page: int
) -> list[QueueRow]:
    """The lines of one page, with what their orders are called."""
    order_ids = {line.order_id for line in lines}
    names = orders.order_names(opened.session, opened.id, order_ids)
    late = late_percents_of(opened.session, opened.id, item.item_id, order_ids, location_id=location_id)
    return [
        QueueRow(place, names.get(line.order_id, ""), line, late.get(line.order_id))
        for place, line in enumerate(lines, start=(page - 1) * PAGE + 1)
    ]


def read_outside(opened: OpenShop, waiting: Sequence[tuple[int, int]]) -> list[Outside]:
    """Who waits outside, by name; those whose orders are gone meanwhile are left out."""
    units = dict(waiting)
    names = orders.order_names(opened.session, opened.id, units) if units else {}
    return [Outside(order_id, name, units[order_id]) for order_id, name in sorted(names.items())]


def chart_of(sums: QueueSums, *, today: date) -> QueueChart:
    """Supply and demand by day."""
    expected = [Arrival(0, units, day) for day, units in sums.expected if day >= today]
    steps = steps_of(
        sums.ordered,
        supply=sums.supply,
        owed_before=sums.owed_before,
        arrivals=expected,
        today=today,
    )
    return draw(steps, today=today)
