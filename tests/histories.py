"""Random histories of a shop, and an oracle that says what every order must show in the end.

The oracle shares no code with the product: it walks the sandbox's true books unit by unit.
"""

import functools
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa

from app.sandbox.bigcommerce.records import INCOMPLETE
from app.sandbox.bigcommerce.store import SandboxStore
from app.sandbox.records import JournalEntry, OutOfStock, Refused
from app.sandbox.shopify.records import FulfillmentOrder, Variant
from tests.goods import Coming, Goods, ShippedGoods, Terms
from tests.world import World

OURS = {"backordered", "backorder-released"}
_TRIES = 5
LOOKS = ("Glance", "GlanceAt", "Look", "LookWhole")
_SHOWS = ("Shown", "ShownWhole")
"""What else reads the notes of orders before they are written."""
TITLES = ("Blue Mug", "Tea Towel", "Linen Apron", "Oak Board")


@dataclass(frozen=True)
class Short:
    """What the oracle says of one item of an order."""

    units: int
    expected: date | None
    half: date | None = None
    """The day by which half of all such cases come."""


def supply_of(shop: Any) -> Mapping[tuple[int, int], int]:
    """Units that can serve open orders, by item and location, in the platform's true books. Safety
    stock at a store is the app's own here, and keeps units for those very orders."""
    if isinstance(shop, SandboxStore):
        return {pool: level.shelf for pool, level in shop.pools.items()}
    return {
        pool: level.quantities["available"] + level.quantities["committed"]
        for pool, level in shop.pools.items()
    }


@dataclass(frozen=True)
class Taken:
    """A turn that an order took: that of another one, while it wants no more than so many units."""

    placed_at: datetime
    order_id: int
    units: int


Turns = Mapping[tuple[int, int], Mapping[int, Taken]]
"""Which orders took which turns, by pool."""

TURNS: dict[int, Callable[[], Turns]] = {}
"""The turns of shops (by `id`) whose restocks may pass orders over. That is the app's own choice: what
follows from it is not, nor what bounds it."""


def turns_of(shop: Any) -> Turns:
    """The turns taken in all pools of a shop, as recorded at this moment."""
    return TURNS[id(shop)]() if id(shop) in TURNS else {}


def queue_of(
    shop: Any, pool: tuple[int, int], lines: Mapping[int, int], turns: Turns
) -> list[tuple[int, int]]:
    """Whose turn it is in a pool, and for how many units: orders, and, without a number, what draft
    orders and transfers reserve, by their age."""
    taken = turns.get(pool, {})
    waiting = []
    for one, units in lines.items():
        turn = taken.get(one)
        is_moved = turn is not None and units <= turn.units
        place = (turn.placed_at, turn.order_id) if turn and is_moved else (placed_at(shop, one), one)
        waiting.append((place[0], False, place[1], not is_moved, one, units))
    if not isinstance(shop, SandboxStore):
        reserved = shop.reservations().get(pool, ())
        waiting += [(since, True, 0, True, 0, units) for since, _, units in reserved]
    return [(order_id, units) for *_, order_id, units in sorted(waiting)]


def committed_lines(shop: Any) -> Mapping[tuple[int, int], Mapping[int, int]]:
    """Open units by pool and order id; at a Shopify shop those alone that stock is committed to."""
    lines: Mapping[tuple[int, int], Mapping[int, int]] = (
        shop.open_lines() if isinstance(shop, SandboxStore) else shop.committed_lines()
    )
    return lines


def truth(shop: Any, goods: Goods | None = None) -> dict[int, dict[int, Short]]:
    """Which orders are short of which items now, and until when: by order id and item id. Without
    `goods` nothing is on its way."""
    found: dict[int, dict[int, list[Short]]] = defaultdict(lambda: defaultdict(list))
    supplies, turns = supply_of(shop), turns_of(shop)
    for pool, lines in committed_lines(shop).items():
        supply, coming = supplies[pool], goods.units_coming(pool) if goods else []
        after_all = goods.after_all(coming) if goods else None
        units: list[Coming | str | None] = ["on hand"] * max(0, supply)
        units += coming[max(0, -supply) :]
        place = 0
        for order_id, wanted in queue_of(shop, pool, lines, turns):
            mine = [units[at] if at < len(units) else after_all for at in range(place, place + wanted)]
            place += wanted
            late = [unit for unit in mine if unit != "on hand"]
            if late and order_id:
                found[order_id][pool[0]].append(_last_of(late))
    return {
        order_id: {item_id: _together(parts) for item_id, parts in items.items()}
        for order_id, items in found.items()
    }


def placed_at(shop: Any, order_id: int) -> datetime:
    """When an order was placed, as the platform tells it: in whole seconds."""
    order = shop.orders[order_id]
    moment: datetime = order.created_at if isinstance(shop, SandboxStore) else order.processed_at
    return moment.replace(microsecond=0)


def _last_of(late: Sequence[Coming | str | None]) -> Short:
    known = [unit for unit in late if isinstance(unit, Coming)]
    if len(known) < len(late):
        return Short(len(late), None)
    return Short(len(late), max(unit.day for unit in known), max(unit.half for unit in known))


def _together(parts: Sequence[Short]) -> Short:
    units = sum(part.units for part in parts)
    days = [part.expected for part in parts if part.expected]
    halves = [part.half for part in parts if part.half]
    if len(days) < len(parts):
        return Short(units, None)
    return Short(units, max(days), max(halves))


def in_words(day: date, half: date | None) -> str:
    """A day, or a range of days: Dec 5 – 9, 2026."""
    if half is None or half >= day:
        return f"{day:%b} {day.day}, {day.year}"
    if half.year != day.year:
        return f"{half:%b} {half.day}, {half.year} – {day:%b} {day.day}, {day.year}"
    if half.month != day.month:
        return f"{half:%b} {half.day} – {day:%b} {day.day}, {day.year}"
    return f"{day:%b} {half.day} – {day.day}, {day.year}"


@dataclass(frozen=True)
class Wants:
    """Units of an item in an order: still to ship, short of those, and ordered in all."""

    open: int
    short: int
    ordered: int

    def without_stock(self, now: "Wants") -> int:
        """How many would be short `now` if nothing had become free: units taken out are the short ones
        first, those shipped the others."""
        gone = max(0, self.open - now.open)
        taken_out = min(gone, max(0, self.ordered - now.ordered))
        shipped_short = max(0, gone - taken_out - (self.open - self.short))
        return min(now.open, max(0, self.short - taken_out - shipped_short))


@dataclass(frozen=True)
class Copy:
    """What another app remembers of an order: its whole note, the words of people in it, the tags."""

    note: str
    own_text: str
    tags: frozenset[str]
    own_tags: frozenset[str]

    @property
    def block(self) -> str:
        """Our block in it."""
        return split(self.note)[1]


@dataclass
class History:
    """One seeded history: what the merchant and the buyers do, and what was seen while it went on."""

    world: World
    seed: int
    locations: int = 2
    own_text: dict[int, str] = field(default_factory=dict)
    own_tags: dict[int, set[str]] = field(default_factory=dict)
    shrunk: set[int] = field(default_factory=set)
    """Orders of which something was taken out or shipped while they waited, or is not counted any more:
    they may show nothing."""
    copies: dict[int, "Copy"] = field(default_factory=dict)
    put_back: set[tuple[int, str]] = field(default_factory=set)
    served: set[int] = field(default_factory=set)
    """Orders that units became free for while they waited: these alone may be called released."""
    arrived: set[int] = field(default_factory=set)
    """Orders into whose pools units came while they waited: these alone may say that stock arrived."""
    _wants: dict[tuple[int, int], "Wants"] = field(default_factory=dict)
    _supplies: dict[tuple[int, int], int] = field(default_factory=dict)
    _waited: set[tuple[int, int]] = field(default_factory=set)
    """Orders with the items that they were ever short of."""
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    too_late: list[str] = field(default_factory=list)
    """Writes that were true when looked at, and no more when written: what was asked and happened since
    the look."""
    _since_look: list[str] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)
    goods_kind: ClassVar[type[Goods]] = ShippedGoods
    before_playing: Callable[[], None] = lambda: None
    tagged: set[int] = field(default_factory=set)
    copied: set[int] = field(default_factory=set)
    """Orders that had our tag from the beginning, as copies of others: we may never have said so."""
    ahead: set[int] = field(default_factory=set)
    kept_back: set[int] = field(default_factory=set)
    _journal_read: int = 0
    _short_at_last_look: set[int] = field(default_factory=set)
    _texts_at_looks: list[dict[int, str]] = field(default_factory=list)
    """The texts of others, at each request of the look that notes are written by."""
    _is_looked_anew: bool = True
    """Whether the next look replaces the one before, by which a note was written."""
    is_busy: bool = False

    def __post_init__(self) -> None:
        """A catalogue, and a few orders that were there before the app."""
        self.random = random.Random(self.seed)  # noqa: S311 -- repeatable, not secret
        self.shop = shop = self.world.shop
        places = [shop.add_location(name) for name in ("Main", "Annex")[: self.locations]]
        for title in TITLES:
            stock = {
                place: self.random.randint(0, 5)
                for place in places[: self.random.randint(1, len(places))]
            }
            self.variants.append(
                shop.add_product(title, sku=title.upper().replace(" ", "-"), stock=stock)
            )
        self.places = places
        self.goods = self.goods_kind(self.world, self.random, self.variants, places, self.terms())
        for _ in range(self.random.randint(0, 4)):
            with suppress(Refused):
                self.place_order()

    def terms(self) -> Terms:
        """How the shop promises: each of 120 shops in its own way."""
        return Terms(
            handling_days=(0, 0, 1, 2)[self.seed % 4],
            country="US" if self.seed % 8 in (1, 3, 6) else "",
            lead_time_days=14 if self.seed % 3 == 2 else None,
            took=(8, 12) if self.seed % 3 == 1 else None,
            is_after_cut_off=self.seed % 5 == 3,
            carrier="DE-BE" if self.seed % 5 in (1, 3) else "",
            supplier="Acme" if self.seed % 4 == 1 else "",
            says_range=self.seed % 2 == 1,
        )

    def play(self, steps: int) -> None:
        """Connect, let things happen, and come to rest; the hourly check heals what was lost."""
        # How long it is waited after a failure is drawn from this one.
        random.seed(self.seed)
        self._watch()
        self.world.connect()
        with self.world.runtime.sessions.begin() as session:
            from app.db import shops  # noqa: PLC0415

            shops.get_shop(session, self.world.shop_id).quiet_days = 1
        self.goods.agree()
        self.before_playing()
        knobs = self.world.shop.webhooks.knobs
        knobs.delay_s, knobs.duplicate_rate, knobs.loss_rate, knobs.is_shuffled = (
            (0, 20),
            0.1,
            0.02,
            True,
        )
        for _ in range(steps):
            self.happen()
            self.world.clock.sleep(self.random.choice((0, 0, 0.2, 1, 3, 10)))
            if self.random.random() < 0.8:
                self.world.deliver()
            if self.random.random() < 0.5:
                self.world.work()
        self.come_to_rest()

    def come_to_rest(self) -> None:
        """Nothing happens any more, and every webhook comes."""
        self.is_busy = True
        knobs = self.world.shop.webhooks.knobs
        knobs.delay_s, knobs.loss_rate = (0, 0), 0
        for _ in range(2):
            self.world.quiet()
            self._keep_back()  # what was routed last
            self.world.quiet()
            self.world.clock.sleep(3600)
            self._note_endings()  # what drafts had reserved becomes free while nothing else happens
        self.world.quiet()
        self._note_endings()

    # What happens

    def happen(self) -> None:
        """One thing that a buyer, the merchant or a warehouse does; where it can't be done, another."""
        self._keep_back()
        acts = self.acts()
        weights = [weight for weight, _ in acts]
        self._note_endings()
        for _, act in self.random.choices(acts, weights, k=_TRIES):
            try:
                act()
            except (Refused, OutOfStock):
                self.counts["refused"] += 1
            else:
                self.counts[act.__name__] += 1
                self._since_look.append(act.__name__)
                self._note_endings()
                return

    def _note_endings(self) -> None:
        """Of which orders units that were short are still to be shipped and short no more, and of which
        some are not to be shipped any more."""
        before, self._wants = self._wants, self._open_and_short()
        supplies, self._supplies = self._supplies, dict(supply_of(self.shop))
        came = {pool[0] for pool, units in self._supplies.items() if units > supplies.get(pool, units)}
        for (order_id, item_id), was in before.items():
            now = self._wants.get((order_id, item_id), Wants(0, 0, 0))
            if now.short < was.without_stock(now):
                self.served.add(order_id)
            waits = order_id in self.shop.orders and self.world.tags(order_id) & {"backordered"}
            if item_id in came and (waits or was.short):
                self.arrived.add(order_id)
            if now.open < was.open and (waits or was.short):
                self.shrunk.add(order_id)
            if was.short:
                self._waited.add((order_id, item_id))

        # Taken out and added again: the order still says that it waits for it, and it is in stock now.
        for order_id, _ in self._waited & self._wants.keys() - before.keys():
            if self.world.tags(order_id) & {"backordered"}:
                self.served.add(order_id)

        for order_id in self.shop.orders:
            waits = self.world.tags(order_id) & {"backordered"} and not self.is_cancelled(order_id)
            if waits and any(self._waits_uncounted(order_id, item_id) for item_id in came):
                self.arrived.add(order_id)
                self.served.add(order_id)

    def _waits_uncounted(self, order_id: int, item_id: int) -> bool:
        """Whether an order has units of an item to be shipped that is not counted now: nobody is short
        of it, though what was called short before may be called so still."""
        if (order_id, item_id) in self._wants:
            return False
        lines = [self.shop.orders[order_id].line(one) for one in self._lines_of(order_id, item_id)]
        return any(
            line.outstanding if hasattr(line, "outstanding") else sum(line.open_at.values())
            for line in lines
        )

    def _open_and_short(self) -> dict[tuple[int, int], "Wants"]:
        """What each order wants of each item that is counted."""
        short = truth(self.shop)
        is_open: Counter[tuple[int, int]] = Counter()
        for (item_id, _), lines in self.shop.open_lines().items():
            for order_id, units in lines.items():
                is_open[order_id, item_id] += units
        return {
            key: Wants(
                units,
                short.get(key[0], {}).get(key[1], Short(0, None)).units,
                sum(self.shop.orders[key[0]].line(one).current for one in self._lines_of(*key)),
            )
            for key, units in is_open.items()
        }

    def _lines_of(self, order_id: int, item_id: int) -> list[int]:
        """The line items of an order that sell an item."""
        return [
            line.line_id
            for line in self.shop.orders[order_id].lines
            if item_id in (getattr(line, "item_id", None), line.variant_id)
        ]

    def acts(self) -> list[tuple[int, Callable[[], None]]]:
        """What may happen, and how often."""
        return [
            (10, self.place_order),
            (4, self.edit_order),
            (2, self.cancel_order),
            (2, self.refund),
            (3, self.fulfil),
            (6, self.restock),
            (1, self.shrink),
            (1, self.move),
            (2, self.write_note),
            (2, self.put_tag),
            (1, self.delete_order),
            (1, self.copy_order),
            (3, self.remember_note),
            (2, self.put_note_back),
            (1, self.merge_notes),
            (1, self.switch_tracking),
            (1, self.delete_product),
            *self.goods.acts(),
            *self.platform_acts(),
        ]

    def platform_acts(self) -> list[tuple[int, Callable[[], None]]]:
        """What may happen on Shopify alone."""
        return [
            (2, self.hold),
            (2, self.release),
            (1, self.split),
            (1, self.merge),
            (1, self.schedule),
            (1, self.give_back),
            (1, self.take_up_again),
            (2, self.sell_ahead),
            (2, self.draft_order),
            (1, self.end_draft),
            (1, self.complete_draft),
            (1, self.open_transfer),
            (1, self.end_transfer),
        ]

    def place_order(self) -> None:
        """A buyer orders one to three items; sometimes a custom line comes along."""
        chosen = self.random.sample(self.variants, self.random.randint(1, 3))
        lines: list[tuple[int | str, int]] = [
            (variant.variant_id, self.random.randint(1, 3)) for variant in chosen
        ]
        if self.random.random() < 0.1:
            lines.append(("Gift wrap", 1))
        text = self.random.choice(("", "", "Please ring twice", "Gift!\r\nNo invoice"))
        tags = set(self.random.choice(((), ("vip",), ("Gift", "wholesale"))))
        back_s = self.random.choice((0, 0, 0, 30, 3600))
        at = self.world.clock() - timedelta(seconds=back_s)
        order_id = self.world.shop.place_order(lines, note=text, tags=sorted(tags), processed_at=at)
        self.own_text[order_id], self.own_tags[order_id] = text, tags

    def _any_order(self) -> int:
        open_orders = [number for number in self.world.shop.orders if not self.is_cancelled(number)]
        if not open_orders:
            raise Refused("no order")
        return self.random.choice(open_orders)

    def is_cancelled(self, order_id: int) -> bool:
        """Whether nothing of the order is to be shipped any more."""
        return self.world.shop.orders[order_id].cancelled_at is not None

    def _any_line(self, order_id: int) -> tuple[int, int]:
        """A line of stock with its current units."""
        lines = [line for line in self.world.shop.orders[order_id].lines if line.variant_id]
        if not lines:
            raise Refused("nothing of it is left")
        line = self.random.choice(lines)
        return line.line_id, line.current

    def edit_order(self) -> None:
        """Staff raise or lower a line, or add an item."""
        order_id = self._any_order()
        if self.random.random() < 0.3:
            self.world.shop.edit_order(order_id, add=[(self.random.choice(self.variants).variant_id, 1)])
            return
        line_id, units = self._any_line(order_id)
        wanted = max(0, units + self.random.choice((-2, -1, 1, 2)))
        if wanted < units:
            self.shrunk.add(order_id)
        self.world.shop.edit_order(order_id, {line_id: wanted})

    def cancel_order(self) -> None:
        """A buyer cancels."""
        self.world.shop.cancel_order(self._any_order(), restock=self.random.random() < 0.8)

    def refund(self) -> None:
        """Units are refunded, shipped ones come back."""
        order_id = self._any_order()
        line_id, units = self._any_line(order_id)
        self.shrunk.add(order_id)
        kind = self.random.choice(("cancel", "cancel", "return", "no_restock"))
        self.world.shop.refund(order_id, {line_id: self.random.randint(1, max(1, units))}, restock=kind)  # type: ignore[arg-type]

    def fulfil(self) -> None:
        """A warehouse ships all of an order, or one unit of it."""
        order_id = self._any_order()
        line_id, _ = self._any_line(order_id)
        self.world.shop.fulfil(order_id, None if self.random.random() < 0.5 else {line_id: 1})

    def _any_pool(self) -> tuple[int, int]:
        pools = sorted(self.world.shop.pools)
        if not pools:
            raise Refused("nothing is counted any more")
        return self.random.choice(pools)

    def restock(self) -> None:
        """Goods come in."""
        self.world.shop.adjust_stock(*self._any_pool(), self.random.randint(1, 6))

    def shrink(self) -> None:
        """A count finds less than there should be."""
        self.world.shop.adjust_stock(*self._any_pool(), -self.random.randint(1, 2))

    def move(self) -> None:
        """Staff send a part of an order from somewhere else."""
        parts = self.world.shop.fulfillment_orders(self._any_order())
        if not parts:
            raise Refused("not routed yet")
        self.world.shop.move(
            self.random.choice(parts).fulfillment_order_id, self.random.choice(self.places)
        )

    def _any_part(self, *statuses: str) -> FulfillmentOrder:
        """A part of an order in one of these states."""
        parts = [
            part
            for order_id in self.world.shop.orders
            for part in self.world.shop.fulfillment_orders(order_id)
            # Once let go, an order sold ahead is committed for good, and looks as one that is not if it
            # is held again: that can't be told apart.
            if (order_id not in self.ahead or "ON_HOLD" not in statuses or part.holds)
            and (order_id not in self.ahead or statuses != ("OPEN",))
            and part.status in statuses
            and any(line.remaining for line in part.lines)
        ]
        if not parts:
            raise Refused("no such part")
        return self.random.choice(parts)

    def _some_units(self, part: FulfillmentOrder) -> dict[int, int]:
        line = self.random.choice([line for line in part.lines if line.remaining])
        return {line.fulfillment_line_id: self.random.randint(1, line.remaining)}

    def hold(self) -> None:
        """Staff or another app hold a part of an order, or some units of it."""
        part = self._any_part("OPEN", "ON_HOLD", "SCHEDULED")
        self.world.shop.hold(
            part.fulfillment_order_id,
            handle=str(self.random.random()),
            app=self.random.choice((None, "another app")),
            quantities=self.random.choice((None, self._some_units(part))),
        )

    def release(self) -> None:
        """One of the holds of a part ends, or all of them."""
        part = self._any_part("ON_HOLD")
        one = [self.random.choice(part.holds).hold_id]
        self.world.shop.release_hold(part.fulfillment_order_id, self.random.choice((None, one)))

    def split(self) -> None:
        """Staff send an order in two parcels."""
        part = self._any_part("OPEN")
        self.world.shop.split(part.fulfillment_order_id, self._some_units(part))

    def merge(self) -> None:
        """Staff put parts of an order together again."""
        parts = self.world.shop.fulfillment_orders(self._any_order())
        self.world.shop.merge([part.fulfillment_order_id for part in parts if part.status == "OPEN"])

    def sell_ahead(self) -> None:
        """A buyer orders by a plan that commits no stock before the order's hold ends, its day comes, or
        it ships."""
        variant = self.random.choice(self.variants)
        line = [(variant.variant_id, self.random.randint(1, 3))]
        order_id = self.world.shop.place_order(line, selling_plan_id=7, reserves_on_fulfilment=True)
        self.own_text[order_id], self.own_tags[order_id] = "", set()
        self.ahead.add(order_id)
        self.kept_back.add(order_id)

    def _keep_back(self) -> None:
        """The app of such plans holds or schedules their orders as soon as they are routed."""
        for order_id in sorted(self.kept_back & self.world.shop.orders.keys()):
            parts = self.world.shop.fulfillment_orders(order_id)
            for part in (one for one in parts if one.status == "OPEN"):
                self.kept_back.discard(order_id)
                if self.random.random() < 0.5:
                    self.world.shop.hold(part.fulfillment_order_id, app="preorders")
                else:
                    later = timedelta(seconds=self.random.choice((60, 600, 7 * 86400)))
                    self.world.shop.schedule(part.fulfillment_order_id, self.world.clock() + later)

    def draft_order(self) -> None:
        """Staff prepare an order, and mostly reserve its units for a while."""
        variant = self.random.choice(self.variants)
        for_s = self.random.choice((None, 60, 600, 86_400))
        until = None if for_s is None else self.world.clock() + timedelta(seconds=for_s)
        lines = [(variant.variant_id, self.random.randint(1, 3))]
        self.world.shop.draft_order(lines, reserve_until=until)

    def _any_draft(self) -> int:
        drafts = [one.draft_id for one in self.world.shop.books.drafts.values() if one.status == "OPEN"]
        if not drafts:
            raise Refused("no draft")
        return self.random.choice(drafts)

    def end_draft(self) -> None:
        """Staff throw a draft away, or let its units go."""
        draft_id = self._any_draft()
        if self.random.random() < 0.5:
            self.world.shop.delete_draft(draft_id)
        else:
            self.world.shop.reserve_draft(draft_id, None)

    def complete_draft(self) -> None:
        """A draft becomes an order."""
        order_id = self.world.shop.complete_draft(self._any_draft())
        self.own_text[order_id], self.own_tags[order_id] = "", set()

    def open_transfer(self) -> None:
        """Units are to go from one location to the other."""
        if len(self.places) == 1:
            raise Refused("there is one location only")
        item_id, origin = self._any_pool()
        (destination,) = set(self.places) - {origin}
        self.world.shop.open_transfer(origin, destination, {item_id: self.random.randint(1, 2)})

    def end_transfer(self) -> None:
        """A transfer leaves, or does not happen."""
        transfers = [
            one
            for one in self.world.shop.books.transfers.values()
            if not one.is_canceled and any(line.unshipped for line in one.lines)
        ]
        if not transfers:
            raise Refused("no transfer")
        end = self.random.choice((self.world.shop.ship_transfer, self.world.shop.cancel_transfer))
        end(self.random.choice(transfers).transfer_id)

    def schedule(self) -> None:
        """A part is to be sent later: in some minutes, or next week."""
        part = self._any_part("OPEN")
        later = timedelta(seconds=self.random.choice((20, 300, 7 * 86400)))
        self.world.shop.schedule(part.fulfillment_order_id, self.world.clock() + later)

    def give_back(self) -> None:
        """A warehouse can't send what is left of a part."""
        self.world.shop.give_back(self._any_part("OPEN", "IN_PROGRESS").fulfillment_order_id)

    def take_up_again(self) -> None:
        """What a warehouse gave back is to be sent after all."""
        self.world.shop.take_up_again(self._any_part("INCOMPLETE").fulfillment_order_id)

    def write_note(self) -> None:
        """Staff write before or after whatever stands in the note."""
        order_id = self._any_order()
        note = self.world.note(order_id)
        if self.random.random() < 0.5:
            self.world.shop.edit_note(order_id, "VIP! " + note)
            self.own_text[order_id] = "VIP! " + self.own_text[order_id]
        else:
            self.world.shop.edit_note(order_id, note + "\ncall first")
            self.own_text[order_id] += "\ncall first"

    def remember_note(self) -> None:
        """Another app reads an order."""
        order_id = self._any_order()
        self.copies[order_id] = Copy(
            self.world.note(order_id),
            self.own_text[order_id],
            frozenset(self.world.tags(order_id)),
            frozenset(self.own_tags[order_id]),
        )

    def put_note_back(self) -> None:
        """It writes all of it over what stands there now."""
        order_id, copy = self._any_copy()
        self.shop.edit_note(order_id, copy.note)
        self.own_text[order_id] = copy.own_text
        self._put_tags_back(order_id, copy)

    def _put_tags_back(self, order_id: int, copy: Copy) -> None:
        self.shop.remove_tags(order_id, sorted(self.world.tags(order_id) - copy.tags))
        self.shop.add_tags(order_id, sorted(copy.tags))
        self.own_tags[order_id] = set(copy.own_tags)

    def merge_notes(self) -> None:
        """It writes what it knew before what stands there."""
        order_id, copy = self._any_copy()
        self.shop.edit_note(order_id, f"{copy.note} | {self.world.note(order_id)}")
        self.own_text[order_id] = f"{copy.own_text} | {self.own_text[order_id]}"

    def _any_copy(self) -> tuple[int, Copy]:
        """One with a block of ours. No app insists on one, for then it is left; nor does one put our
        tags back without a block, or take our block away, which nobody fights over."""
        found = [
            (order_id, copy)
            for order_id, copy in self.copies.items()
            if order_id in self.shop.orders
            and not self.is_cancelled(order_id)
            and copy.block
            and copy.tags & OURS
            and (order_id, copy.block) not in self.put_back
        ]
        if not found:
            raise Refused("nothing is remembered")
        order_id, copy = self.random.choice(found)
        self.put_back.add((order_id, copy.block))
        return order_id, copy

    def copy_order(self) -> None:
        """An app makes a new order of an old one, with all that stood on it."""
        copied = self._any_order()
        variant = self.random.choice(self.variants)
        own = self.own_text[copied], set(self.own_tags[copied])
        order_id = self._place_copy([(variant.variant_id, self.random.randint(1, 3))], copied)
        self.own_text[order_id], self.own_tags[order_id] = own
        if "backordered" in self.world.tags(order_id):
            self.copied.add(order_id)

    def _place_copy(self, lines: list[tuple[int, int]], copied: int) -> int:
        tags = self.world.tags(copied) if split(self.world.note(copied))[1] else self.own_tags[copied]
        return int(self.shop.place_order(lines, note=self.world.note(copied), tags=sorted(tags)))

    def put_tag(self) -> None:
        """Staff put a tag of theirs."""
        order_id = self._any_order()
        tag = self.random.choice(("rush", "Fragile", "b2b"))
        self.world.shop.add_tags(order_id, [tag])
        self.own_tags[order_id].add(tag)

    def delete_order(self) -> None:
        """An order is deleted, which Shopify allows once it is cancelled."""
        cancelled = [number for number, order in self.world.shop.orders.items() if order.cancelled_at]
        if not cancelled:
            raise Refused("nothing to delete")
        self.world.shop.delete_order(self.random.choice(cancelled))

    def switch_tracking(self) -> None:
        """The merchant stops counting an item, or counts it again."""
        item = self.shop.books.items[self.random.choice(self.variants).item_id]
        self.shop.set_tracked(item.item_id, is_tracked=not item.is_tracked)

    def delete_product(self) -> None:
        """The merchant takes a product off sale for good; its open orders stay as they are."""
        variant = self.random.choice(self.variants)
        if len(self.variants) < len(TITLES) or self.goods.speaks_of(variant.item_id):
            raise Refused("it is needed")
        self.shop.delete_product(variant.product_id)
        self.variants.remove(variant)

    # What is seen while it goes on

    def _watch(self) -> None:
        """Let things happen between our worker's requests, and look at every tag as it is put."""
        shop = self.world.shop

        def before_request() -> None:
            if not self.is_busy and self.random.random() < 0.05:
                self.counts["between requests"] += 1
                self.happen()

        shop.before_request = before_request
        self.world.after_request = self._look_at_writes
        self.world.before_pass = self._begin_pass

    def _look_at_writes(self) -> None:
        # Looked up where it matters: most requests neither tell what is short nor write it.
        short = functools.cache(lambda: set(truth(self.world.shop, self.goods)))
        journal = self.world.shop.journal
        for entry in journal[self._journal_read :]:
            if entry.kind == "note written" and entry.order_id is not None:
                self._forgive_lost_text(entry.order_id)
                self._is_looked_anew = True
            put = self._puts_tag(entry)
            if put is None:
                continue
            self.counts["tags put" if put else "tags taken off"] += 1
            if put:
                self.tagged.add(entry.order_id or 0)
            if not self._was_true(entry.order_id or 0, short(), put=put):
                what = "put on" if put else "taken off"
                self.wrong.append(
                    f"tag {what} {entry.order_id}: not true when looked at, nor when written"
                )
        self._journal_read = len(journal)
        self._remember(short)

    def _puts_tag(self, entry: JournalEntry) -> bool | None:
        """Whether a write put our tag on an order, or took it off (None: neither)."""
        is_ours = entry.detail == "backordered" and entry.kind in ("tag added", "tag removed")
        return entry.kind == "tag added" if is_ours else None

    def _was_true(self, order_id: int, short: set[int], *, put: bool) -> bool:
        if (order_id in short) is put:
            return True
        if (order_id in self._short_at_last_look) is put:
            self.counts["true when looked at, not when written"] += 1
            what = "put on" if put else "taken off"
            self.too_late.append(f"tag {what} {order_id} after {self._since_look}")
            return True
        return False

    def _remember(self, short: Callable[[], set[int]]) -> None:
        """What was true when stock was last read, and the texts when notes were."""
        operation = self.world.shop.requests[-1].operation
        self._since_look.append(operation)
        if operation in ("Stock", *LOOKS):
            self._short_at_last_look, self._since_look = short(), []
        if operation in (*LOOKS, *_SHOWS):
            self._remember_texts()

    def _forgive_lost_text(self, order_id: int) -> None:
        """Shopify can't compare a note before it writes one: what staff write between our look at the
        note and our write is lost. Counted, and no longer expected."""
        if self._stands(order_id, self.own_text[order_id]):
            return
        for texts in reversed(self._texts_at_looks):
            if order_id in texts and self._stands(order_id, texts[order_id]):
                self.counts["staff's words written between look and write"] += 1
                self.own_text[order_id] = texts[order_id]
                return

    def _stands(self, order_id: int, text: str) -> bool:
        """Whether an order's note is this text of others, and nothing else but our block."""
        before, _, after = split(self.world.note(order_id))
        return text in (before + after, before.removesuffix("\n\n") + after)

    def _remember_texts(self) -> None:
        """One look may take several requests, and things happen between them."""
        if self._is_looked_anew:
            self._texts_at_looks, self._is_looked_anew = [], False
        self._texts_at_looks.append(dict(self.own_text))

    def _begin_pass(self) -> None:
        """No worker knows what another one, or it itself before, has looked at."""
        self._is_looked_anew = True

    # What must be true in the end

    def verdict(self) -> list[str]:
        """Every way in which an order shows something else than it must."""
        short = truth(self.world.shop, self.goods)
        found = list(self.wrong)
        for order_id in self.world.shop.orders:
            found += [
                f"{self.world.order(order_id).name}: {text}"
                for text in self._judge(order_id, short.get(order_id, {}))
            ]
        if any(status != 200 for status in self.world.answers):
            found.append(f"webhooks answered {Counter(self.world.answers)}")
        return found

    def _judge(self, order_id: int, short: Mapping[int, Short]) -> list[str]:
        tags, note, fields = (
            self.world.tags(order_id),
            self.world.note(order_id),
            self.world.metafields(order_id),
        )
        problems = []
        if tags - OURS != self.own_tags[order_id]:
            problems.append(f"merchant's tags {self.own_tags[order_id]} became {tags - OURS}")
        _, block, _ = split(note)
        if not self._stands(order_id, self.own_text[order_id]):
            problems.append(f"merchant's note {self.own_text[order_id]!r} became {note!r}")
        if short:
            problems += self._judge_short(order_id, short, tags, block, fields)
        else:
            problems += self._judge_covered(order_id, tags, block, fields)
        return problems

    def _judge_short(
        self,
        order_id: int,
        short: Mapping[int, Short],
        tags: set[str],
        block: str,
        fields: Mapping[str, str],
    ) -> list[str]:
        whole = _together(list(short.values()))
        eta, half = whole.expected, whole.half if self.goods.terms.says_range else None
        heading = "Waiting for stock, no date known yet"
        if eta:
            is_range = half is not None and half < eta
            heading = f"Expected to ship {'' if is_range else 'by '}{in_words(eta, half)}"
        problems = []
        if tags & OURS != {"backordered"}:
            problems.append(f"is short {dict(short)} but has tags {tags & OURS}")
        if heading not in block.split("\n")[1:3]:
            problems.append(f"note should say {heading!r}: {block!r}")
        if fields.get("status") != "backordered" or fields.get("eta") != (
            eta.isoformat() if eta else None
        ):
            problems.append(f"metafields {fields}, eta should be {eta}")
        said = {
            line["item"]: Short(line["short"], line["expected"] and date.fromisoformat(line["expected"]))
            for line in json.loads(fields.get("lines", "[]"))
        }
        if said != (true_lines := {item: replace(one, half=None) for item, one in short.items()}):
            problems.append(f"lines {said} should be {true_lines}")
        told = [line for line in block.split("\n") if " × " in line]
        true = self._true_lines(order_id, short)
        if sorted(told) != sorted(true):
            problems.append(f"says {told} of its items, and true is {true}")
        return problems

    def _true_lines(self, order_id: int, short: Mapping[int, Short]) -> list[str]:
        """What may be said of each item of a short order."""
        lines = []
        for (open_order, item_id), wants in self._open_and_short().items():
            if open_order != order_id:
                continue
            units = wants.open
            variant = next(one for one in self.variants if one.item_id == item_id)
            name = f"{variant.product_title} ({variant.sku})"
            if item_id not in short:
                lines.append(f"{units} × {name}: in stock")
                continue
            few, day = short[item_id].units, short[item_id].expected
            half = short[item_id].half if self.goods.terms.says_range else None
            count = f"{few}" if few == units else f"{few} of {units}"
            when = in_words(day, half) if day else "no date known yet"
            lines.append(f"{count} × {name}: {when}")
        return lines

    def _judge_covered(
        self, order_id: int, tags: set[str], block: str, fields: Mapping[str, str]
    ) -> list[str]:
        was_tagged = order_id in self.tagged | self.copied
        nothing = not tags & OURS and not block and not fields
        released = (
            tags & OURS == {"backorder-released"}
            and "\nReleased " in block
            and fields.get("status") == "released"
        )
        is_cancelled = self.is_cancelled(order_id)
        was_served = was_tagged and order_id in self.served
        may_be_nothing = (
            is_cancelled or not was_served or order_id in self.shrunk or order_id not in self.tagged
        )
        may_be_released = was_served and not is_cancelled
        if "the stock has arrived" in block and order_id not in self.arrived:
            return [f"says that stock arrived, which it did not: {block!r}"]
        if (nothing and may_be_nothing) or (released and may_be_released):
            return []
        past = f"tagged before: {was_tagged}, stock came: {order_id in self.served}"
        return [f"is not short ({past}) but shows {tags & OURS}, {block!r}, {fields}"]


class StoreHistory(History):
    """The same at a BigCommerce store, with what such a store allows: pickups at the second location,
    orders that wait for their payment, archiving; no tags and no moves. Stock figures may lag."""

    goods_kind = Goods

    def __post_init__(self) -> None:
        """See `History`; nothing is remembered of any look yet."""
        self._looks: list[tuple[datetime, set[int]]] = []
        self._words: dict[int, set[str]] = {}
        self._is_editing = False
        super().__post_init__()

    def acts(self) -> list[tuple[int, Callable[[], None]]]:
        """Those of Shopify but tags and moves, and those of such stores alone."""
        return [(w, act) for w, act in super().acts() if act not in (self.put_tag, self.move)]

    def platform_acts(self) -> list[tuple[int, Callable[[], None]]]:
        """What may happen in such a store alone."""
        return [(2, self.pay_order)]

    def happen(self) -> None:
        """See `History`; figures that lag tell what was true after each thing that happened."""
        super().happen()
        self._looks.append((self.world.clock(), set(truth(self.shop, self.goods))))

    def place_order(self) -> None:
        """A buyer orders one to three items, to be sent or fetched; some have not paid yet."""
        chosen = self.random.sample(self.variants, self.random.randint(1, 3))
        lines: list[tuple[int | str, int]] = [
            (variant.variant_id, self.random.randint(1, 3)) for variant in chosen
        ]
        if self.random.random() < 0.1:
            lines.append(("Gift wrap", 1))
        text = self.random.choice(("", "", "Please ring twice", "Gift!\r\nNo invoice"))
        back_s = self.random.choice((0, 0, 0, 30, 3600))
        order_id = self.shop.place_order(
            lines,
            note=text,
            at=self.world.clock() - timedelta(seconds=back_s),
            channel=self.random.choice(("online", "online", "manual")),
            pickup_at=self.random.choice((None, None, *self.places[1:])),
            is_incomplete=self.random.random() < 0.1,
        )
        self.own_text[order_id], self.own_tags[order_id] = text, set()

    def pay_order(self) -> None:
        """A buyer who had left comes back and pays."""
        unpaid = [number for number, order in self.shop.orders.items() if order.status_id == INCOMPLETE]
        if not unpaid:
            raise Refused("all are paid")
        self.shop.pay_order(self.random.choice(unpaid))

    def _put_tags_back(self, order_id: int, copy: Copy) -> None:
        """There are none."""

    def _place_copy(self, lines: list[tuple[int, int]], copied: int) -> int:
        return int(self.shop.place_order(lines, note=self.world.note(copied)))

    def is_cancelled(self, order_id: int) -> bool:
        """Refunded, cancelled and declined orders, and archived ones, which nobody sees any more."""
        order = self.shop.orders[order_id]
        return order.status_id in {4, 5, 6} or order.is_archived

    def _any_order(self) -> int:
        order_id = super()._any_order()
        if self._is_editing and not self._is_read(order_id):
            raise Refused("not read yet")
        return order_id

    def edit_order(self) -> None:
        """See `History`. Where stock does not follow edits, no field tells whether units were there when
        the order was placed or were added since: staff edit what the app has read."""
        self._is_editing = not self.shop.settings.edit_order_stock_adjustment
        try:
            super().edit_order()
        finally:
            self._is_editing = False

    def _is_read(self, order_id: int) -> bool:
        """Whether the app has read the order as it is."""
        from app.db.models import LineItemRow  # noqa: PLC0415

        where = (LineItemRow.shop_id == self.world.shop_id, LineItemRow.order_id == order_id)
        with self.world.runtime.sessions() as session:
            rows = session.scalars(sa.select(LineItemRow).where(*where)).all()
            told = {row.line_id: (row.ordered, row.outstanding, row.backordered) for row in rows}
        return told == {
            line.line_id: (line.current, line.outstanding, line.backordered)
            for line in self.shop.orders[order_id].lines
            if line.variant_id
        }

    def refund(self) -> None:
        """Units are refunded, those on the shelf first."""
        order_id = self._any_order()
        line_id, units = self._any_line(order_id)
        self.shrunk.add(order_id)
        goes_back = self.random.choice((None, True, False))
        self.shop.refund(order_id, {line_id: self.random.randint(1, max(1, units))}, restock=goes_back)

    def delete_order(self) -> None:
        """An order is archived."""
        self.shop.archive_order(self._any_order())

    def switch_tracking(self) -> None:
        """The merchant stops counting a product. What of its open orders had taken stock when it is
        counted again, the platform does not tell: see `docs/platform-facts.md`."""
        variant = self.random.choice(self.variants)
        if self.shop.books.products[variant.product_id].tracking == "none":
            raise Refused("it is not counted")
        self.shop.set_tracking(variant.product_id, "none")

    def _puts_tag(self, entry: JournalEntry) -> bool | None:
        """Our words stand in the note."""
        if entry.kind != "note written" or entry.order_id is None:
            return None
        before = self._words.get(entry.order_id, set())
        after = self._words[entry.order_id] = self.world.tags(entry.order_id) & OURS
        if ("backordered" in before) == ("backordered" in after):
            return None
        return "backordered" in after

    def _was_true(self, order_id: int, short: set[int], *, put: bool) -> bool:
        """Figures that lag by a minute tell what was true a minute ago."""
        if super()._was_true(order_id, short, put=put):
            return True
        since = self.world.clock() - timedelta(seconds=self.shop.projection_delay_s + 1)
        before = [look for look in self._looks if look[0] < since][-1:]
        told = [*before, *(look for look in self._looks if look[0] >= since)]
        if any((order_id in seen) is put for _, seen in told):
            self.counts["true by figures that lag"] += 1
            return True
        return False

    def _remember(self, short: Callable[[], set[int]]) -> None:
        """Stock, then the orders with their notes, then the writes: a look takes several requests."""
        now, operation = self.world.clock(), self.shop.requests[-1].operation
        self._looks = [(at, seen) for at, seen in self._looks if (now - at).total_seconds() < 120]
        self._looks.append((now, short()))
        self._since_look.append(operation)
        if operation.startswith("GET /v3/inventory/items"):
            self._short_at_last_look, self._since_look = short(), []
        if operation.startswith("GET /v2/orders"):
            self._remember_texts()

    def _judge(self, order_id: int, short: Mapping[int, Short]) -> list[str]:
        if self.shop.orders[order_id].is_archived:
            return []
        return super()._judge(order_id, short)


def split(note: str) -> tuple[str, str, str]:
    """The text before our block, the block, the text after it."""
    start, end = note.rfind("[backorder]\n"), note.rfind("[/backorder]")
    if start < 0 or end < start:
        return note, "", ""
    return note[:start], note[start:end], note[end + len("[/backorder]") :]
