"""Laws that hold after any history whatever."""

import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.sandbox.records import Refused
from app.sandbox.shopify.records import ON_HAND_PARTS, Line, Order
from app.sandbox.shopify.shop import SandboxShop


class _History:
    """A shop that things happen to, chosen by drawn numbers."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 25, tzinfo=UTC)
        self.shop = SandboxShop(clock=lambda: self.now, routing_delay_s=30)
        places = [self.shop.add_location(name) for name in ("Main", "Back", "Far")]
        self.variants = [
            self.shop.add_product("Mug", stock={places[0]: 5, places[1]: 2}),
            self.shop.add_product("Bowl", stock={places[1]: 3}),
            self.shop.add_product("Tray", stock={places[0]: 4}, policy="DENY"),
            self.shop.add_product("Card", stock={places[0]: 4}, tracked=False),
        ]

    def happen(self, name: str, seed: int) -> None:
        rng = random.Random(seed)  # noqa: S311  # a history must be repeatable, not secret
        with suppress(Refused):
            getattr(self, f"_{name}")(rng)
        self.now += timedelta(seconds=rng.randrange(40))

    def _order(self, rng: random.Random) -> Order:
        if not self.shop.orders:
            raise Refused("nothing to do it to")
        return rng.choice(list(self.shop.orders.values()))

    def _line(self, rng: random.Random) -> tuple[Order, Line]:
        order = self._order(rng)
        return order, rng.choice(order.lines)

    def _part(self, rng: random.Random) -> tuple[int, dict[int, int]]:
        parts = [
            p for one in self.shop.books.fulfillment_orders.values() for p in one.lines if p.remaining
        ]
        if not parts:
            raise Refused("nothing to do it to")
        part = rng.choice(parts)
        return part.fulfillment_order_id, {part.fulfillment_line_id: rng.randint(1, part.remaining)}

    def _place(self, rng: random.Random) -> None:
        chosen = rng.sample(self.variants, k=rng.randint(1, 3))
        channel = rng.choice(["online", "pos"])
        self.shop.place_order([(one.variant_id, rng.randint(1, 4)) for one in chosen], channel=channel)  # type: ignore[arg-type]

    def _edit(self, rng: random.Random) -> None:
        order, line = self._line(rng)
        add = [(rng.choice(self.variants).variant_id, 1)] if rng.random() < 0.3 else []
        self.shop.edit_order(
            order.order_id, {line.line_id: rng.randint(0, 5)}, add=add, restock=rng.random() < 0.8
        )

    def _cancel(self, rng: random.Random) -> None:
        self.shop.cancel_order(self._order(rng).order_id, restock=rng.random() < 0.5)

    def _refund(self, rng: random.Random) -> None:
        order, line = self._line(rng)
        restock = rng.choice(["cancel", "no_restock", "return"])
        self.shop.refund(order.order_id, {line.line_id: rng.randint(1, 3)}, restock=restock)  # type: ignore[arg-type]

    def _fulfil(self, rng: random.Random) -> None:
        order, line = self._line(rng)
        self.shop.fulfil(
            order.order_id, None if rng.random() < 0.5 else {line.line_id: rng.randint(1, 2)}
        )

    def _unfulfil(self, rng: random.Random) -> None:
        self.shop.cancel_fulfilment(self._order(rng).order_id)

    def _move(self, rng: random.Random) -> None:
        number, part = self._part(rng)
        place = rng.choice(list(self.shop.books.locations))
        self.shop.move(number, place, quantities=part if rng.random() < 0.5 else None)

    def _split(self, rng: random.Random) -> None:
        self.shop.split(*self._part(rng))

    def _merge(self, rng: random.Random) -> None:
        self.shop.merge(self._order(rng).fulfillment_order_ids)

    def _hold(self, rng: random.Random) -> None:
        number, part = self._part(rng)
        self.shop.hold(number, handle=str(rng.random()), quantities=part if rng.random() < 0.5 else None)

    def _release(self, rng: random.Random) -> None:
        self.shop.release_hold(self._part(rng)[0])

    def _delete(self, rng: random.Random) -> None:
        self.shop.delete_order(self._order(rng).order_id)

    def _adjust(self, rng: random.Random) -> None:
        item_id, location_id = rng.choice(list(self.shop.pools))
        name = rng.choice(["available", "damaged", "reserved", "safety_stock"])
        self.shop.adjust_stock(item_id, location_id, rng.randint(-3, 6), name=name)

    def _count(self, rng: random.Random) -> None:
        place = rng.choice([one for one in self.shop.books.locations.values() if one.is_active])
        self.shop.set_stock(
            rng.choice(self.variants).item_id, place.location_id, rng.randint(0, 6), name="on_hand"
        )

    def _expect(self, rng: random.Random) -> None:
        place = rng.choice([one for one in self.shop.books.locations.values() if one.is_active])
        self.shop.expect_shipment(
            place.location_id, {rng.choice(self.variants).item_id: rng.randint(1, 9)}
        )

    def _receive(self, rng: random.Random) -> None:
        for number, shipment in self.shop.books.shipments.items():
            if self.shop.books.locations[shipment.location_id].is_active:
                self.shop.receive_shipment(number)

    def _track(self, rng: random.Random) -> None:
        self.shop.set_tracked(rng.choice(self.variants).item_id, is_tracked=rng.random() < 0.5)

    def _deactivate(self, rng: random.Random) -> None:
        self.shop.deactivate_location(rng.choice(list(self.shop.books.locations)))

    def _tick(self, rng: random.Random) -> None:
        self.shop.tick()


OFTEN = ["place", "place", "place", "tick", "tick", "fulfil", "edit"]
SELDOM = [
    "cancel",
    "refund",
    "unfulfil",
    "move",
    "split",
    "merge",
    "hold",
    "release",
    "delete",
    "adjust",
    "count",
    "expect",
    "receive",
    "track",
    "deactivate",
]

histories = st.lists(
    st.tuples(st.sampled_from(OFTEN + SELDOM), st.integers(0, 2**32)), min_size=15, max_size=60
)


def _live(events: list[tuple[str, int]]) -> SandboxShop:
    history = _History()
    for name, seed in events:
        history.happen(name, seed)
    return history.shop


@settings(max_examples=60, deadline=None)
@given(histories)
def test_on_hand_is_always_the_sum_of_its_parts(events: list[tuple[str, int]]) -> None:
    shop = _live(events)

    for level in shop.pools.values():
        assert level.quantities["on_hand"] == sum(level.quantities[name] for name in ON_HAND_PARTS)


@settings(max_examples=60, deadline=None)
@given(histories)
def test_committed_is_always_what_open_lines_take_routed_or_not(events: list[tuple[str, int]]) -> None:
    shop = _live(events)

    open_units = {pool: sum(orders.values()) for pool, orders in shop.open_lines().items()}
    for pool, level in shop.pools.items():
        assert level.quantities["committed"] == open_units.get(pool, 0)


@settings(max_examples=60, deadline=None)
@given(histories)
def test_every_unit_of_a_line_is_open_shipped_or_removed(events: list[tuple[str, int]]) -> None:
    shop = _live(events)

    for order in shop.orders.values():
        for line in order.lines:
            assert line.unfulfilled == sum(line.open_at.values())
            assert min([line.current, line.unfulfilled, *line.open_at.values()], default=0) >= 0


@settings(max_examples=60, deadline=None)
@given(histories)
def test_once_the_worker_has_run_fulfillment_orders_hold_every_open_unit(
    events: list[tuple[str, int]],
) -> None:
    shop = _live(events)
    late = shop.clock() + timedelta(hours=1)
    shop.clock = lambda: late

    shop.tick()

    for order in shop.orders.values():
        assert _held(shop, order) == _open(order)


def _open(order: Order) -> dict[tuple[int, int], int]:
    return {(line.line_id, place): n for line in order.lines for place, n in line.open_at.items()}


def _held(shop: SandboxShop, order: Order) -> dict[tuple[int, int], int]:
    held: dict[tuple[int, int], int] = {}
    for one in shop.fulfillment_orders(order.order_id):
        for part in one.lines if one.is_open else []:
            if part.remaining:
                key = part.line_id, one.location_id
                held[key] = held.get(key, 0) + part.remaining
    return held
