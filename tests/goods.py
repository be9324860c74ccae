"""What is on its way to the shop of a random history: the merchant's books of it, what becomes of it,
and the day by which it can be sent on. The oracle reads these books, never the product's.

Only goods that are expected today come in full: what comes early or late teaches the product how its
suppliers deliver, which other tests judge.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from app.core.states import ArrivalSource, ArrivalState
from app.db import arrivals, shops
from app.db.api_tokens import renew_token
from app.db.models import ArrivalRow
from app.sandbox.records import Refused
from app.sandbox.shopify.records import Variant
from app.sandbox.shopify.shop import SandboxShop
from app.sandbox.shopify.supply_records import InboundShipment, ShipmentLine
from tests.world import START, World

Pool = tuple[int, int]
Act = Callable[[], None]

TODAY = START.date()
FARTHEST = TODAY + timedelta(days=25)
# What a calendar of the United States says of the days that goods of a history can come on.
US_HOLIDAYS = {date(2026, 11, 26), date(2026, 12, 25), date(2027, 1, 1), date(2027, 1, 18)}
# And one of Germany of those on which they can leave.
GERMAN_HOLIDAYS = {date(2026, 12, 25), date(2026, 12, 26), date(2027, 1, 1)}
SATURDAY = 5


def is_german_holiday(day: date) -> bool:
    """Whether nobody in Berlin delivers or takes parcels."""
    return day.weekday() >= SATURDAY or day in GERMAN_HOLIDAYS


class Coming(NamedTuple):
    """When a unit is there to be sent: by the day that is promised, and by when half of all such are."""

    day: date
    half: date


@dataclass(frozen=True)
class Terms:
    """By which a shop promises: working days between arrival and dispatch, whose calendar, whether its
    cut-off has passed today, on whose days its carrier comes, and how many days a restock takes that
    nobody has announced (None: unknown; `took`: what 6 of 10 took so far, and the others). Days are told
    as a range where the merchant wants it: what is announced comes on its day, but nobody knows that of
    the rest. `supplier` is closed on German holidays, where there is one."""

    handling_days: int = 0
    country: str = ""
    lead_time_days: int | None = None
    took: tuple[int, int] | None = None
    is_after_cut_off: bool = False
    carrier: str = ""
    supplier: str = ""
    says_range: bool = False

    def sent_by(self, day: date) -> date:
        """By when what comes on a day can be sent: taken in on a working day, sent so many later, when
        the carrier comes."""
        while not self._is_working_day(day):
            day += timedelta(days=1)
        if day == TODAY:
            day = self.begun_today()
        for _ in range(self.handling_days):
            day = self._next_working_day(day)
        while not self._is_working_day(day) or (self.carrier and is_german_holiday(day)):
            day += timedelta(days=1)
        return day

    def begun_today(self) -> date:
        """The day as of which counts what comes now: an order, or goods on a working day."""
        return self._next_working_day(TODAY) if self.is_after_cut_off else TODAY

    def _next_working_day(self, day: date) -> date:
        day += timedelta(days=1)
        while not self._is_working_day(day):
            day += timedelta(days=1)
        return day

    def _is_working_day(self, day: date) -> bool:
        return not self.country or not (day.weekday() >= SATURDAY or day in US_HOLIDAYS)


@dataclass
class Expected:
    """Units of one item that people told the app of: typed (`number`) or by a list (`reference`)."""

    item_id: int
    location_id: int
    day: date
    units: int
    number: int = 0
    reference: str = ""
    landed: int = 0
    supplier: str = ""

    @property
    def pool(self) -> Pool:
        """Where it goes."""
        return self.item_id, self.location_id

    @property
    def left(self) -> int:
        """Units still to come."""
        return self.units - self.landed


@dataclass
class Goods:
    """All that is on its way, and what may become of it."""

    world: World
    random: random.Random
    variants: list[Variant]
    places: list[int]
    terms: Terms
    told: list[Expected] = field(default_factory=list)
    named: dict[int, str] = field(default_factory=dict)
    _token: str = ""
    _orders_made: int = 0

    def agree(self) -> None:
        """The merchant sets the shop's terms."""
        with self.world.runtime.sessions.begin() as session:
            shop = shops.get_shop(session, self.world.shop_id)
            shop.handling_days, shop.country = self.terms.handling_days, self.terms.country
            shop.lead_time_days = self.terms.lead_time_days
            shop.cut_off = "00:00" if self.terms.is_after_cut_off else "23:59"
            shop.carrier_country, shop.says_range = self.terms.carrier, self.terms.says_range
            if self.terms.supplier:
                shop.supplier_countries = f"{self.terms.supplier} = DE-BE"
            if self.terms.took is not None:
                session.add_all(self._learned(shop.id, *self.terms.took))
        self.take_token()

    def take_token(self) -> None:
        """Another system gets a token of its own, with which it tells deliveries."""
        with self.world.runtime.sessions.begin() as session:
            self._token = renew_token(shops.get_shop(session, self.world.shop_id))

    def _learned(self, shop_id: int, most: int, others: int) -> list[ArrivalRow]:
        """What was ordered of another item before, without a day: how long each took."""
        return [
            ArrivalRow(
                shop_id=shop_id,
                item_id=1,
                location_id=self.places[0],
                quantity=1,
                received=1,
                expected_on=ordered_on,
                first_expected_on=ordered_on,
                ordered_on=ordered_on,
                state=ArrivalState.RECEIVED,
                source=ArrivalSource.ORDER,
                source_key=f"{900_000 + number}",
                received_at=START - timedelta(days=20 + number) + timedelta(days=days),
                created_at=START,
                updated_at=START,
            )
            for number in range(30)
            for days in [others if number % 5 in (1, 4) else most]
            for ordered_on in [TODAY - timedelta(days=20 + number)]
        ]

    # What the oracle asks

    def units_coming(self, pool: Pool) -> list[Coming]:
        """For each unit that is on its way, soonest first, when it can be sent on."""
        days = [
            (day, units) for place, day, units in [*self._told_of(), *self._shipped()] if place == pool
        ]
        sent = [(self.terms.sent_by(day), units) for day, units in sorted(days)]
        return [Coming(day, day) for day, units in sent for _ in range(units)]

    def speaks_of(self, item_id: int) -> bool:
        """Whether any of an item is on its way, or was."""
        shipped = {line.item_id for shipment in self._shipments() for line in shipment.lines}
        return item_id in shipped or any(one.item_id == item_id for one in self.told)

    def after_all(self, coming: Sequence[Coming]) -> Coming | None:
        """When a unit is served that nothing announced serves."""
        if self.terms.took is None:
            usual = self.terms.lead_time_days
            return None if usual is None else Coming(*[self._restocked(usual, coming)] * 2)
        half, nearly_all = self.terms.took
        return Coming(self._restocked(nearly_all, coming), self._restocked(half, coming))

    def _restocked(self, days: int, coming: Sequence[Coming]) -> date:
        day = self.terms.sent_by(self.terms.begun_today() + timedelta(days=days))
        return max([day, *(one.day for one in coming)])

    def _delivered(self, one: Expected) -> date:
        day = one.day
        while one.supplier and is_german_holiday(day):
            day += timedelta(days=1)
        return day

    def _told_of(self) -> list[tuple[Pool, date, int]]:
        """Of a purchase order only what no shipment carries that has its name."""
        carried: dict[tuple[str, int], int] = defaultdict(int)
        for shipment in self._shipments():
            for line in shipment.lines:
                name = self.named.get(shipment.shipment_id, "")
                carried[name, line.item_id] += line.quantity
        return [
            (
                one.pool,
                self._delivered(one),
                max(0, one.left - (carried[one.reference, one.item_id] if one.reference else 0)),
            )
            for one in self.told
        ]

    def _shipped(self) -> list[tuple[Pool, date, int]]:
        return [
            ((line.item_id, shipment.location_id), day, line.unreceived)
            for shipment in self._shipments()
            if (day := self._day_of(shipment)) is not None
            for line in shipment.lines
        ]

    def _day_of(self, shipment: InboundShipment) -> date | None:
        zone = ZoneInfo(self.world.shop.time_zone)
        return None if shipment.arrives_at is None else shipment.arrives_at.astimezone(zone).date()

    def _shipments(self) -> list[InboundShipment]:
        shop = self.world.shop
        return list(shop.books.shipments.values()) if isinstance(shop, SandboxShop) else []

    # What people type, and what other systems tell

    def acts(self) -> list[tuple[int, Act]]:
        """What may happen on any platform, and how often."""
        return [
            (2, self.type_arrival),
            (1, self.move_arrival),
            (1, self.split_arrival),
            (1, self.receive_arrival),
            (1, self.cancel_arrival),
            (2, self.list_purchase_order),
        ]

    def type_arrival(self) -> None:
        """The merchant types an arrival."""
        item_id, location_id = self._any_pool()
        self._type(item_id, location_id, self._some_day(), self.random.randint(1, 5))

    def move_arrival(self) -> None:
        """It comes on another day, at another place, or of another size."""
        one = self._any_typed(is_today=False)
        change = self.random.choice(
            (
                {"expected_on": one.day + self._some_days()},
                {"location_id": self._place_of(one.item_id)},
                {"quantity": one.landed + 3},
            )
        )
        self._change(one, **change)

    def split_arrival(self) -> None:
        """A part of it comes later."""
        one = self._any_typed(is_today=False)
        if one.left < 2:
            raise Refused("nothing to split")
        part = self.random.randint(1, one.left - 1)
        self._change(one, quantity=one.units - part)
        self._type(*one.pool, one.day + self._some_days(), part)

    def receive_arrival(self) -> None:
        """Some of it has landed, or all, or the rest of it will not come: received short."""
        one = self._any_typed(is_today=self.random.random() < 0.5)
        is_last = one.day == TODAY
        landed = self.random.randint(0, one.left if is_last else one.left - 1)
        is_short = is_last and self.random.random() < 0.5
        self._change(one, received=one.landed + landed, is_over=is_short)
        self._land(one.pool, landed)

    def cancel_arrival(self) -> None:
        """It will not come."""
        self._change(self._any_typed(is_today=None), is_cancelled=True)

    def list_purchase_order(self) -> None:
        """The merchant's system tells a new purchase order, or one of those told before once more: with
        later days, at other places, without a line, with units that have landed, or called off."""
        known = sorted({one.reference for one in self.told if one.reference})
        if known and self.random.random() < 0.6:
            reference = self.random.choice(known)
            lines = [replace(one) for one in self.told if one.reference == reference]
            acts = (self._delay, self._relocate, self._drop, self._count_in, self._call_off)
            landed = self.random.choice(acts)(lines)
        else:
            self._orders_made += 1
            reference, landed = f"PO-{self._orders_made}", 0
            lines = [
                Expected(
                    variant.item_id,
                    self._place_of(variant.item_id),
                    self._later_day(),
                    self.random.randint(2, 6),
                    reference=reference,
                    supplier=self.terms.supplier,
                )
                for variant in self.random.sample(self.variants, self.random.randint(1, 2))
            ]
        self._tell(reference, lines)
        self.told = [one for one in self.told if one.reference != reference] + lines
        self._land(lines[0].pool if lines else (0, 0), landed)

    def _delay(self, lines: list[Expected]) -> int:
        for one in lines:
            one.day += self._some_days()
        return 0

    def _relocate(self, lines: list[Expected]) -> int:
        if lines[0].landed:
            raise Refused("it has begun to come in")
        lines[0].location_id = self._place_of(lines[0].item_id)
        return 0

    def _drop(self, lines: list[Expected]) -> int:
        if len(lines) > 1:
            lines.pop()
        return 0

    def _count_in(self, lines: list[Expected]) -> int:
        """How many units of the first line have come in."""
        if lines[0].reference in self.named.values():
            raise Refused("its shipments say what has landed")
        landed = self.random.randint(0, lines[0].left - 1)
        lines[0].landed += landed
        return landed

    def _call_off(self, lines: list[Expected]) -> int:
        lines.clear()
        return 0

    def _tell(self, reference: str, lines: list[Expected]) -> None:
        """A reference is told whole; one that is called off by a line of no units."""
        with self.world.runtime.sessions.begin() as session:
            places = arrivals.locations(session, self.world.shop_id)
        if any(one.location_id not in places for one in lines):
            raise Refused("the app has seen no stock at this place yet, and would refuse a part")
        sku_of = {variant.item_id: variant.sku for variant in self.variants}
        gone = [one for one in self.told if one.reference == reference] if not lines else []
        body = [
            {
                "reference": reference,
                "sku": sku_of[one.item_id],
                "quantity": 0 if one in gone else one.units,
                "received": one.landed,
                "expected_on": one.day.isoformat(),
                "supplier": one.supplier,
                "location": str(one.location_id),
            }
            for one in (lines or gone)
        ]
        answer = self.world.web.post(
            "/api/v1/arrivals",
            json={"arrivals": body},
            headers={"Authorization": f"Bearer {self._token}"},
        )
        if answer.status_code == 429:
            raise Refused("too many calls in a minute")
        assert answer.status_code == 200, answer.get_json()
        assert answer.get_json()["errors"] == []

    def _type(self, item_id: int, location_id: int, day: date, units: int) -> None:
        variant = next(one for one in self.variants if one.item_id == item_id)
        try:
            number = self.world.expect(variant, units, day.isoformat(), location_id=location_id)
        except IndexError:
            raise Refused("no order names it yet") from None
        self.told.append(Expected(item_id, location_id, day, units, number=number))

    def _change(self, one: Expected, **change: Any) -> None:
        with self.world.runtime.sessions.begin() as session:
            row = arrivals.find_arrival(session, self.world.shop_id, one.number)
            assert row is not None
            arrivals.change_arrival(session, row, now=self.world.clock(), **change)
        one.day = change.get("expected_on", one.day)
        one.location_id = change.get("location_id", one.location_id)
        one.units = change.get("quantity", one.units)
        one.landed = change.get("received", one.landed)
        if change.get("is_over") or change.get("is_cancelled") or not one.left:
            self.told.remove(one)

    def _land(self, pool: Pool, units: int) -> None:
        if units:
            self.world.shop.adjust_stock(*pool, units)

    def _any_typed(self, *, is_today: bool | None) -> Expected:
        typed = [one for one in self.told if one.number and is_today in (None, one.day == TODAY)]
        if not typed:
            raise Refused("nothing typed")
        return self.random.choice(typed)

    def _pools(self) -> list[Pool]:
        return sorted(self.world.shop.pools)

    def _any_pool(self) -> Pool:
        pools = self._pools()
        if not pools:
            raise Refused("nothing is counted any more")
        return self.random.choice(pools)

    def _place_of(self, item_id: int) -> int:
        places = [place for item, place in self._pools() if item == item_id]
        if not places:
            raise Refused("nobody counts it")
        return self.random.choice(places)

    def _some_days(self) -> timedelta:
        return timedelta(days=self.random.randint(1, 9))

    def _some_day(self) -> date:
        return TODAY if self.random.random() < 0.3 else self._later_day()

    def _later_day(self) -> date:
        return TODAY + timedelta(days=self.random.randint(1, (FARTHEST - TODAY).days))


class ShippedGoods(Goods):
    """Goods at a Shopify shop, which knows of inbound shipments itself."""

    def acts(self) -> list[tuple[int, Act]]:
        """See `Goods`; and all that becomes of shipments."""
        return [
            *super().acts(),
            (2, self.ship),
            (1, self.ship_purchase_order),
            (1, self.delay_shipment),
            (2, self.receive_shipment),
            (1, self.delete_shipment),
        ]

    def ship(self) -> None:
        """One or two items are on their way, mostly on a known day."""
        items = self.random.sample([one.item_id for one in self.variants], self.random.randint(1, 2))
        day = None if self.random.random() < 0.1 else self._some_day()
        self.world.shop.expect_shipment(
            self.random.choice(self.places),
            {item_id: self.random.randint(1, 5) for item_id in items},
            arrives_at=self._moment(day),
        )

    def ship_purchase_order(self) -> None:
        """A part of a purchase order is on its way, under the order's name."""
        orders = [one for one in self.told if one.reference and one.left > 1 and not one.landed]
        if not orders:
            raise Refused("nothing ordered")
        order = self.random.choice(orders)
        units = {order.item_id: self.random.randint(2, order.left)}
        shipment = self.world.shop.expect_shipment(
            order.location_id, units, arrives_at=self._moment(self._later_day())
        )
        self.world.shop.add_transfer(
            order.location_id, [shipment.shipment_id], reference=order.reference
        )
        self.named[shipment.shipment_id] = order.reference

    def delay_shipment(self) -> None:
        """The carrier names a later day, or takes its word back."""
        shipment = self._any_shipment(is_today=False)
        day = self._day_of(shipment)
        later = FARTHEST if day is None else day + self._some_days()
        is_lost = shipment.shipment_id not in self.named and self.random.random() < 0.2
        self.world.shop.reschedule_shipment(
            shipment.shipment_id, None if is_lost else self._moment(later)
        )

    def receive_shipment(self) -> None:
        """Some of it has landed, or all, or the rest of it is refused: received short."""
        is_last = self.random.random() < 0.5
        shipment = self._any_shipment(is_today=is_last)
        if shipment.arrives_at is None:
            raise Refused("nobody knows where it is")
        landed = {line.item_id: self._some_of(line, is_last=is_last) for line in shipment.lines}
        self.world.shop.receive_shipment(shipment.shipment_id, landed)
        if is_last and self.random.random() < 0.5:
            self.world.shop.reject_rest(shipment.shipment_id)

    def delete_shipment(self) -> None:
        """It was a mistake."""
        shipment = self._any_shipment(is_today=None)
        if any(line.accepted for line in shipment.lines):
            raise Refused("it has begun to come in")
        self.world.shop.delete_shipment(shipment.shipment_id)

    def _some_of(self, line: ShipmentLine, *, is_last: bool) -> int:
        return self.random.randint(0, line.unreceived if is_last else max(0, line.unreceived - 1))

    def _any_shipment(self, *, is_today: bool | None) -> InboundShipment:
        found = [
            one
            for one in self._shipments()
            if any(line.unreceived for line in one.lines)
            and is_today in (None, self._day_of(one) == TODAY)
        ]
        if not found:
            raise Refused("nothing is on its way")
        return self.random.choice(found)

    def _moment(self, day: date | None) -> datetime | None:
        """Some time of a day."""
        zone = ZoneInfo(self.world.shop.time_zone)
        return (
            None
            if day is None
            else datetime.combine(day, time(self.random.randint(0, 23)), zone).astimezone(UTC)
        )
