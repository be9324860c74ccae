"""What every order must show, worked out from the sandbox shop alone.

It shares no code with Backline, and counts single units where Backline computes with intervals: a
mistake would have to be made twice to pass.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.sandbox.bigcommerce.records import CANCELLED, DECLINED, REFUNDED

BACKORDERED, RELEASED = "backordered", "backorder-released"
_ON_HAND = date.min


@dataclass(frozen=True)
class View:
    """What one order shows, or must show: all its tags, its whole note, our metafields, and how many of
    its units we hold back from shipping."""

    tags: tuple[str, ...] = ()
    note: str = ""
    metafields: Mapping[str, object] = field(default_factory=dict)
    on_hold: int = 0


@dataclass(frozen=True)
class OwnWords:
    """What staff wrote on an order: text before and after our block, and tags."""

    before: str = ""
    after: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wait:
    """How many units of an item an order waits for, and the day the last of them is expected."""

    units: int
    until: date | None


@dataclass(frozen=True)
class Ruling:
    """The state an order must be in. `ordered` counts, by item, the units that still belong to it."""

    status: str = ""
    waits: Mapping[int, Wait] = field(default_factory=dict)
    ordered: Mapping[int, int] = field(default_factory=dict)
    released_on: date | None = None
    has_arrived: bool = False

    @property
    def eta(self) -> date | None:
        """The day on which the whole order is, or was, there."""
        days = [wait.until for wait in self.waits.values()]
        known = [day for day in days if day is not None]
        return self.released_on if not days else max(known) if len(known) == len(days) else None


@dataclass
class Oracle:
    """Told what the merchant typed; everything else it sees in the shop. Each `rule` is a moment at
    which Backline has had its say: who waited at the last one may be released at the next."""

    shop: Any
    own: dict[int, OwnWords] = field(default_factory=dict)
    arrivals: dict[tuple[int, int], list[tuple[date, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    lead_days: dict[int, int] = field(default_factory=dict)
    holds_short: bool = False
    rulings: dict[int, Ruling] = field(default_factory=dict)
    _short_since: dict[tuple[int, int], date] = field(default_factory=dict)
    _supplies: dict[tuple[int, int], int] = field(default_factory=dict)

    def rule(self) -> None:
        """Judge every order as the shop is now."""
        with self.shop.lock:
            waits = self._waits()
            came = {pool[0] for pool, units in self._supplies.items() if self._supply(pool) > units}
            self.rulings = {
                order.order_id: self._ruling(order, waits[order.order_id], came)
                for order in self.shop.orders.values()
            }
            self._supplies = {pool: self._supply(pool) for pool in self.shop.open_lines()}

    def _waits(self) -> dict[int, dict[int, Wait]]:
        """Walk the queue of every pool and hand out its units, one by one."""
        found: dict[int, dict[int, Wait]] = defaultdict(dict)
        for pool, wanted in self.shop.open_lines().items():
            units = self._units(pool)
            for order_id in sorted(wanted, key=self._placed):
                mine, units = units[: wanted[order_id]], units[wanted[order_id] :]
                short = wanted[order_id] - mine.count(_ON_HAND)
                if short:
                    is_dated = len(mine) == wanted[order_id]
                    until = mine[-1] if is_dated else self._after_lead_time(order_id, pool[0])
                    found[order_id][pool[0]] = _both(found[order_id].get(pool[0]), Wait(short, until))
                    self._short_since.setdefault((order_id, pool[0]), self.today())
        return found

    def _units(self, pool: tuple[int, int]) -> list[date]:
        """One day for each unit that there is or will be: on hand first, then as they arrive."""
        on_hand = [_ON_HAND] * self._supply(pool)
        return on_hand + [day for day, count in sorted(self.arrivals[pool]) for _ in range(count)]

    def _placed(self, order_id: int) -> tuple[object, int]:
        return self.placed_at(self.shop.orders[order_id]), order_id

    def _after_lead_time(self, order_id: int, item_id: int) -> date | None:
        days = self.lead_days.get(item_id)
        since = self._short_since.get((order_id, item_id), self.today())
        return None if days is None else since + timedelta(days=days)

    # How Shopify keeps its books

    def _supply(self, pool: tuple[int, int]) -> int:
        stock = self.shop.pools[pool].quantities
        return int(stock["available"] + stock["committed"])

    def placed_at(self, order: Any) -> datetime:
        """When it was ordered."""
        moment: datetime = order.processed_at
        return moment

    def is_cancelled(self, order: Any) -> bool:
        """Whether nothing of it is wanted any more."""
        return order.cancelled_at is not None

    def item_of(self, line: Any) -> int:
        """The item of a line; 0 where stock is not counted."""
        return line.item_id or 0

    def unshipped(self, line: Any) -> int:
        """Units of a line that are still to ship."""
        return int(line.unfulfilled)

    def tags(self, order: Any) -> tuple[str, ...]:
        """All tags of the order."""
        return tuple(order.tags)

    def _tags_due(self, order_id: int) -> tuple[str, ...]:
        own = self.own.get(order_id, OwnWords())
        return tuple(sorted({*own.tags, self.rulings[order_id].status} - {""}, key=str.casefold))

    def _first_words(self, ruling: Ruling) -> list[str]:
        """What stands in our block above the heading."""
        return []

    # What follows from them

    def _ruling(self, order: Any, waits: Mapping[int, Wait], came: Container[int]) -> Ruling:
        """Units of the items in `came` came in since the last rule."""
        was = self.rulings.get(order.order_id, Ruling())
        ordered: dict[int, int] = defaultdict(int)
        for line in order.lines:
            ordered[self.item_of(line)] += line.current
        if self.is_cancelled(order):
            return Ruling()
        if waits:
            return Ruling(BACKORDERED, waits, ordered)
        if was.status == RELEASED:
            return was
        taken_out = {item_id: was.ordered[item_id] - ordered[item_id] for item_id in was.waits}
        served = [item_id for item_id, wait in was.waits.items() if wait.units > taken_out[item_id]]
        if served:
            has_arrived = all(item_id in came for item_id in served)
            return Ruling(RELEASED, {}, ordered, self.today(), has_arrived)
        return Ruling()

    def today(self) -> date:
        """The day it is in the shop."""
        now: datetime = self.shop.clock()
        return now.astimezone(ZoneInfo(self.shop.time_zone)).date()

    def must_show(self, order_id: int) -> View:
        """The order's tags, note and metafields, to the last character."""
        ruling, own = self.rulings[order_id], self.own.get(order_id, OwnWords())
        order = self.shop.orders[order_id]
        block = self._block(ruling, order)
        glue = "\n\n" if block and own.before else ""
        return View(
            self._tags_due(order_id),
            own.before + glue + block + own.after,
            self._metafields(ruling, order),
            sum(wait.units for wait in ruling.waits.values()) if self.holds_short else 0,
        )

    def _block(self, ruling: Ruling, order: Any) -> str:
        if not ruling.status:
            return ""
        lines = [*self._first_words(ruling), _heading(ruling)]
        if ruling.status == BACKORDERED:
            waiting = [line for line in order.lines if self.item_of(line) in ruling.waits]
            others = [line for line in order.lines if self.item_of(line) not in ruling.waits]
            for line in [*waiting, *others]:
                name, units = f"{line.title} ({line.sku})", self.unshipped(line)
                wait = ruling.waits.get(self.item_of(line))
                if wait is None:
                    lines.append(f"{units} × {name}: in stock")
                else:
                    of = "" if wait.units == units else f" of {units}"
                    lines.append(
                        f"{wait.units}{of} × {name}: {spell(wait.until) or 'no date known yet'}"
                    )
        return "\n".join(["[backorder]", *lines, "[/backorder]"])

    def _metafields(self, ruling: Ruling, order: Any) -> dict[str, object]:
        if not ruling.status:
            return {}
        lines = [
            {
                "item": self.item_of(line),
                "sku": line.sku,
                "short": wait.units,
                "of": self.unshipped(line),
                "expected": wait.until.isoformat() if wait.until else None,
            }
            for line in order.lines
            if (wait := ruling.waits.get(self.item_of(line)))
        ]
        eta = {"eta": ruling.eta.isoformat()} if ruling.eta else {}
        return {"status": ruling.status.removeprefix("backorder-"), "lines": lines, **eta}

    def view(self, order_id: int) -> View:
        """What the shop shows of an order."""
        read: dict[str, Callable[[str], object]] = {"lines": json.loads}
        order = self.shop.orders[order_id]
        values = {
            key: read.get(key, str)(value)
            for (namespace, key), value in self.shop.metafields(order_id).items()
            if namespace.endswith("backorder")
        }
        return View(self.tags(order), order.note, values, self.on_hold(order))

    def on_hold(self, order: Any) -> int:
        """Units of the order that we hold."""
        return sum(
            line.remaining
            for part in self.shop.books.fulfillment_orders_of(order)
            if any(hold.app == "us" for hold in part.holds)
            for line in part.lines
        )

    def wrong(self) -> dict[int, list[str]]:
        """How each order that doesn't show what it must differs from it; empty if all is right."""
        with self.shop.lock:
            found = {
                order_id: differences(self.must_show(order_id), self.view(order_id))
                for order_id in self.rulings
            }
        return {order_id: how for order_id, how in found.items() if how}


class StoreOracle(Oracle):
    """The same for a BigCommerce store, whose orders have no tags."""

    def _supply(self, pool: tuple[int, int]) -> int:
        return int(self.shop.supply()[pool])

    def placed_at(self, order: Any) -> datetime:
        """When it was ordered."""
        moment: datetime = order.created_at
        return moment

    def is_cancelled(self, order: Any) -> bool:
        """By its status."""
        return order.status_id in {REFUNDED, CANCELLED, DECLINED}

    def item_of(self, line: Any) -> int:
        """Each variant is its own item."""
        return int(line.variant_id)

    def unshipped(self, line: Any) -> int:
        """Units of a line that are still to ship."""
        return int(line.outstanding)

    def on_hold(self, order: Any) -> int:
        """There are no holds."""
        return 0

    def tags(self, order: Any) -> tuple[str, ...]:
        """There are none."""
        return ()

    def _tags_due(self, order_id: int) -> tuple[str, ...]:
        return ()

    def _first_words(self, ruling: Ruling) -> list[str]:
        return [ruling.status]


def _both(one: Wait | None, other: Wait) -> Wait:
    if one is None:
        return other
    days = None if one.until is None or other.until is None else max(one.until, other.until)
    return Wait(one.units + other.units, days)


def _heading(ruling: Ruling) -> str:
    if ruling.status == RELEASED:
        why = "the stock has arrived" if ruling.has_arrived else "in stock now"
        return f"Released {spell(ruling.released_on)}: {why}"
    if ruling.eta is None:
        return "Waiting for stock, no date known yet"
    return f"Expected to ship by {spell(ruling.eta)}"


def spell(day: date | None) -> str:
    """A day as an English shop writes it: Dec 5, 2026."""
    return f"{day:%b} {day.day}, {day.year}" if day else ""


def differences(must: View, shows: View) -> list[str]:
    """In words, part by part; empty if the order shows exactly what it must."""
    found = []
    if shows.tags != must.tags:
        found.append(f"tags are {_listed(shows.tags)}, must be {_listed(must.tags)}")
    if shows.note != must.note:
        found.append(f"note is {shows.note!r}, must be {must.note!r}")
    if shows.on_hold != must.on_hold:
        found.append(f"{shows.on_hold} units are on hold, must be {must.on_hold}")
    for key in sorted(shows.metafields.keys() | must.metafields.keys()):
        is_now, must_be = shows.metafields.get(key), must.metafields.get(key)
        if is_now != must_be:
            found.append(f"metafield {key} is {is_now}, must be {must_be}")
    return found


def _listed(tags: tuple[str, ...]) -> str:
    return ", ".join(tags) or "none"
