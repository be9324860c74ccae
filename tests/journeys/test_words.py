"""What orders say is true, at a shop of each platform: nobody is told that stock came if it did not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db.models import Event
from app.sandbox.shopify.shop import SandboxShop
from app.settings import Settings
from tests.world import World, make_store_world, make_world

STOCK_CAME = "the stock has arrived"


@dataclass
class Counter:
    """A connected shop or store that sells mugs and towels at one location."""

    world: World
    main: int
    mug: Any
    towel: Any

    def order(self, mugs: int = 0, *, towels: int = 0, note: str = "Ring twice") -> int:
        """A buyer orders; returns the order's number once all is written."""
        wanted = ((self.mug.variant_id, mugs), (self.towel.variant_id, towels))
        lines = [(variant_id, units) for variant_id, units in wanted if units]
        order_id = int(self.world.shop.place_order(lines, note=note))
        self.world.quiet()
        return order_id

    def restock(self, units: int, *, of: Any = None) -> None:
        """Mugs, or something else, come in; everything is written."""
        self.world.shop.adjust_stock((of or self.mug).item_id, self.main, units)
        self.world.quiet()

    def ship(self, order_id: int, units: int | None = None) -> None:
        """Staff send an order, or so many mugs of it."""
        line = self.world.order(order_id).lines[0].line_id
        self.world.shop.fulfil(order_id, None if units is None else {line: units})
        self.world.quiet()

    def stop_counting(self) -> None:
        """The merchant switches off that mugs are tracked."""
        if isinstance(self.world.shop, SandboxShop):
            self.world.shop.set_tracked(self.mug.item_id, is_tracked=False)
        else:
            self.world.shop.set_tracking(self.mug.product_id, "none")
        self.pass_an_hour()

    def pass_an_hour(self) -> None:
        """Let the hourly check find what no webhook tells."""
        self.world.quiet()
        self.world.clock.sleep(3601)
        self.world.quiet()

    def all_of(self, order_id: int) -> tuple[set[str], str, dict[str, str]]:
        """Everything that an order may show of ours: tags or words, note, metafields."""
        return self.world.tags(order_id), self.world.note(order_id), self.world.metafields(order_id)

    def reasons(self, kind: str) -> list[str]:
        """The reasons of what happened, of one kind."""
        with self.world.runtime.sessions.begin() as session:
            return list(
                session.scalars(sa.select(Event.why).where(Event.kind == kind).order_by(Event.id))
            )


NOTHING = (set(), "Ring twice", {})

Open = Callable[..., Counter]


@pytest.fixture(params=["shopify", "bigcommerce"])
def open_counter(
    request: pytest.FixtureRequest, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> Open:
    """Opens a shop of the platform with so many mugs and towels."""

    def open_(mugs: int = 0, towels: int = 5) -> Counter:
        if request.param == "shopify":
            world = make_world(clean_pg, redis, settings)
        else:
            world = make_store_world(clean_pg, redis, settings, quota_requests=100_000)
        main = world.shop.add_location("Main")
        mug = world.shop.add_product("Blue Mug", sku="MUG-BLUE", stock={main: mugs})
        towel = world.shop.add_product("Tea Towel", sku="TOWEL", stock={main: towels})
        world.connect()
        world.quiet()
        return Counter(world, main, mug, towel)

    return open_


def test_an_order_whose_stock_has_come_says_so(open_counter: Open) -> None:
    shop = open_counter()
    order_id = shop.order(2)

    shop.restock(2)

    assert shop.world.tags(order_id) == {"backorder-released"}
    assert STOCK_CAME in shop.world.note(order_id)
    assert shop.reasons("promise")[-1] == "covered by stock"


def test_a_short_order_that_staff_ship_shows_nothing_any_more(open_counter: Open) -> None:
    shop = open_counter()
    order_id = shop.order(2)

    shop.ship(order_id)

    assert shop.all_of(order_id) == NOTHING
    assert shop.reasons("shown")[-1] == "it was shipped, whatever the figures said"


def test_a_short_order_that_is_shipped_bit_by_bit_is_never_called_released(open_counter: Open) -> None:
    shop = open_counter(mugs=1)
    order_id = shop.order(3)

    said = []
    for _ in range(3):
        shop.ship(order_id, 1)
        said.append(shop.world.note(order_id))

    assert [STOCK_CAME in note for note in said] == [False, False, False]
    assert shop.all_of(order_id) == NOTHING


def test_a_younger_order_that_is_shipped_first_is_not_called_released(open_counter: Open) -> None:
    """Its goods are those of the older one, which waits from then on."""
    shop = open_counter(mugs=2)
    older, younger = shop.order(2), shop.order(2)

    shop.ship(younger)

    assert shop.all_of(younger) == NOTHING
    assert shop.world.tags(older) == ({"backordered"} if shop.world.platform == "shopify" else set())


def test_an_order_of_a_deleted_product_shows_nothing_any_more(open_counter: Open) -> None:
    shop = open_counter()
    order_id = shop.order(2)

    shop.world.shop.delete_product(shop.mug.product_id)
    shop.pass_an_hour()

    assert shop.all_of(order_id) == NOTHING
    assert STOCK_CAME not in "".join(shop.reasons("shown"))


def test_an_order_whose_item_is_tracked_no_more_shows_nothing_any_more(open_counter: Open) -> None:
    shop = open_counter()
    order_id = shop.order(2)

    shop.stop_counting()

    assert shop.all_of(order_id) == NOTHING
    assert "no longer counted" in shop.reasons("promise")[-1]


def test_no_promise_is_kept_by_an_item_that_is_counted_no_more(open_counter: Open) -> None:
    """Nor by one that was shipped: what is learned of promises is learned from stock that came."""
    shop = open_counter()
    first = shop.order(2)
    shop.world.expect(shop.mug, 9, "2026-12-05")
    shop.order(1)
    shop.ship(first)

    shop.stop_counting()

    assert shop.reasons("promise kept") == shop.reasons("promise broken") == []


def test_stock_for_one_item_releases_an_order_whose_other_item_was_shipped(open_counter: Open) -> None:
    shop = open_counter(towels=0)
    order_id = shop.order(1, towels=1)
    shop.ship(order_id, 1)

    shop.restock(1, of=shop.towel)

    assert shop.world.tags(order_id) == {"backorder-released"}
