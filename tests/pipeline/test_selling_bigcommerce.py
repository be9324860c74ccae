"""The backorder limit and the safety stock of a BigCommerce store, from dated supply, and given back."""

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import preferences, shops
from app.db.models import Event, SellingRow
from app.sandbox.bigcommerce.records import Level, Variant
from app.sandbox.records import OutOfStock
from app.settings import Settings
from tests.beginnings import begin
from tests.world import StoreWorld, make_store_world

LAG_S = 60


@dataclass
class Store:
    """A store that sells robes, whose inventory reads follow its writes a minute later."""

    world: StoreWorld
    main: int
    robe: Variant

    @property
    def level(self) -> Level:
        """The robes as the store counts them."""
        return self.world.shop.pools[self.robe.item_id, self.main]

    @property
    def limits(self) -> tuple[int | None, int]:
        """The backorder limit and the safety stock."""
        return self.level.backorder_limit, self.level.safety_stock

    def order(self, units: int) -> int:
        """A buyer orders robes, and everything comes to rest."""
        order_id = self.world.shop.place_order([(self.robe.variant_id, units)])
        self.rest()
        return order_id

    def restock(self, units: int) -> None:
        """Robes come in."""
        self.world.shop.adjust_stock(self.robe.item_id, self.main, units)
        self.rest()

    def rest(self) -> None:
        """Let what was written show, and whatever follows from it."""
        for _ in range(4):
            self.world.quiet()
            self.world.clock.sleep(LAG_S + 31)
        self.world.quiet()

    def choose(self, **wanted: object) -> None:
        """The merchant sets something, and everything comes to rest."""
        self.wish(**wanted)
        self.rest()

    def wish(self, **wanted: object) -> None:
        """The merchant sets something."""
        with self.world.runtime.sessions.begin() as session:
            shop = shops.get_shop(session, self.world.shop_id)
            preferences.change_preferences(session, shop, wanted, by="ann", now=self.world.clock())

    def rows(self) -> int:
        """How many settings are not the merchant's."""
        with self.world.runtime.sessions.begin() as session:
            return len(session.scalars(sa.select(SellingRow)).all())

    def events(self) -> list[tuple[str, str]]:
        """What was told."""
        with self.world.runtime.sessions.begin() as session:
            found = session.execute(
                sa.select(Event.kind, Event.after).where(Event.kind.like("selling%")).order_by(Event.id)
            )
            return [(kind, after) for kind, after in found]


@pytest.fixture
def unasked(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Store:
    """A store that nobody has connected yet."""
    options = {"projection_delay_s": LAG_S, "quota_requests": 100_000}
    world = make_store_world(clean_pg, redis, settings, **options)
    main = world.shop.add_location("Main")
    return Store(world, main, world.shop.add_product("Robe", sku="ROBE", stock={main: 2}))


def open_store(engine: sa.Engine, redis: Redis, settings: Settings) -> Store:
    """A store that is connected, and lets us sell by dates and keep restocks."""

    def play() -> tuple[StoreWorld, tuple[int, Variant]]:
        options = {"projection_delay_s": LAG_S, "quota_requests": 100_000}
        world = make_store_world(engine, redis, settings, **options)
        main = world.shop.add_location("Main")
        robe = world.shop.add_product("Robe", sku="ROBE", stock={main: 2})
        world.connect()
        world.quiet()
        Store(world, main, robe).choose(selling="dated", keeps_restocks=True)
        return world, (main, robe)

    world, (main, robe) = begin((engine, redis, settings), "store with robes", play)
    return Store(world, main, robe)


@pytest.fixture
def store(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Store:
    """That store."""
    return open_store(clean_pg, redis, settings)


def test_the_limit_is_what_is_still_to_come(store: Store) -> None:
    store.order(5)
    nothing_comes = store.limits
    store.world.expect(store.robe, 10, "2026-12-09")
    store.rest()

    assert (nothing_comes, store.limits) == ((3, 0), (10, 0))
    with pytest.raises(OutOfStock):
        store.world.shop.place_order([(store.robe.variant_id, 8)], channel="storefront")
    store.order(7)
    assert store.limits == (10, 0)
    assert store.world.shop.answer_problems == []


def test_a_restock_is_kept_for_the_orders_that_wait(store: Store) -> None:
    first = store.order(8)
    store.restock(4)

    assert store.limits == (6, 4)
    assert store.world.tags(first) == {"backordered"}
    with pytest.raises(OutOfStock):
        store.world.shop.place_order([(store.robe.variant_id, 1)], channel="storefront")


def test_what_is_kept_for_the_queue_serves_it(store: Store) -> None:
    """Our own safety stock is none to us, before and after it shows in reads."""
    first = store.world.shop.place_order([(store.robe.variant_id, 5)])
    second = store.order(4)
    store.restock(3)

    assert store.world.tags(first) == {"backorder-released"}
    assert store.world.tags(second) == {"backordered"}

    store.restock(4)

    assert store.world.tags(second) == {"backorder-released"}


def test_what_is_left_over_is_sold_and_the_rest_kept_until_it_ships(store: Store) -> None:
    first = store.order(5)
    store.restock(10)
    kept = store.limits

    store.world.shop.fulfil(first)
    store.rest()
    store.world.clock.sleep(3601)
    store.rest()

    assert kept == (None, 3)
    assert (store.limits, store.rows()) == ((None, 0), 0)
    assert store.world.tags(first) == {"backorder-released"}


def test_the_merchants_own_limit_and_safety_stock_come_back(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    options = {"projection_delay_s": LAG_S, "quota_requests": 100_000}
    world = make_store_world(clean_pg, redis, settings, **options)
    main = world.shop.add_location("Main")
    robe = world.shop.add_product(
        "Robe", sku="ROBE", stock={main: 3}, backorder_limit=50, safety_stock=1
    )
    world.connect()
    world.quiet()
    store = Store(world, main, robe)
    store.choose(selling="dated", keeps_restocks=True)
    store.order(8)
    store.restock(2)
    ours = store.limits

    store.choose(selling="off")

    assert ours == (6, 3)
    assert (store.limits, store.rows()) == ((50, 1), 0)
    assert store.world.tags(next(iter(world.shop.orders))) == {"backordered"}


def test_a_limit_that_is_lower_than_ours_is_left(store: Store) -> None:
    store.world.shop.set_backorder_limit(store.robe.item_id, store.main, 3)
    store.rest()
    store.order(5)
    store.world.expect(store.robe, 10, "2026-12-09")
    store.rest()

    assert (store.limits, store.rows()) == ((3, 0), 0)


def test_what_a_person_sets_meanwhile_is_theirs(store: Store) -> None:
    store.order(5)
    store.world.shop.set_backorder_limit(store.robe.item_id, store.main, 99)
    store.rest()
    store.world.clock.sleep(3601)
    store.rest()
    store.choose(selling="off")

    assert store.limits == (99, 0)
    assert store.events() == [
        ("selling stopped", "backorder limit 3"),
        ("selling left", "backorder limit 99"),
    ]


def test_without_the_permission_nothing_is_changed(store: Store) -> None:
    scopes = {one for one in store.world.shop.scopes if one != "store_inventory"}
    store.world.shop.set_scopes({*scopes, "store_inventory_read_only"})
    store.world.clock.sleep(3601)
    store.rest()
    store.order(5)

    page = store.world.web.get(f"/shops/{store.world.shop_id}/selling").get_data(as_text=True)

    assert store.limits == (None, 0)
    assert "store_inventory" in page


def tried(store: Store) -> int:
    """How often it was tried whether we may change how items are sold."""
    return sum("/locations/0/items" in one.operation for one in store.world.shop.requests)


def test_nothing_is_tried_until_the_merchant_wants_it(unasked: Store) -> None:
    unasked.world.connect()
    unasked.rest()
    unasked.world.clock.sleep(3601)
    unasked.rest()
    before, page = tried(unasked), said(unasked)

    unasked.choose(selling="dated")

    assert (before, "lacks the permission" in page, tried(unasked) > 0) == (0, False, True)


def said(store: Store) -> str:
    return store.world.web.get(f"/shops/{store.world.shop_id}/selling").get_data(as_text=True)


@pytest.mark.parametrize("status", [404, 405, 418, 500])
def test_an_answer_that_nobody_expects_stops_neither_connecting_nor_the_store(
    unasked: Store, status: int
) -> None:
    unasked.world.shop.faults.settings_status = status
    unasked.world.connect()
    unasked.choose(selling="dated")
    unasked.world.connect()
    unasked.rest()
    waiting = unasked.order(5)

    assert unasked.world.tags(waiting) == {"backordered"}


def test_what_was_known_stands_while_no_clear_answer_comes(store: Store) -> None:
    store.order(5)
    store.world.shop.faults.settings_status = 405
    store.world.clock.sleep(3601)
    store.rest()
    told = said(store)
    store.world.shop.faults.settings_status = None
    store.choose(selling="off")

    assert ("lacks the permission" in told, store.limits, store.rows()) == (False, (None, 0), 0)


def test_what_is_left_is_given_back_by_a_store_that_switched_it_off_and_lost_its_permission(
    store: Store,
) -> None:
    store.order(5)
    scopes = store.world.shop.scopes
    store.world.shop.set_scopes({*scopes, "store_inventory_read_only"} - {"store_inventory"})
    store.choose(selling="off")
    between = store.limits
    store.world.shop.set_scopes(scopes)
    store.world.clock.sleep(3601)
    store.rest()

    assert (between, store.limits, store.rows()) == ((3, 0), (None, 0), 0)


def test_a_closed_location_gets_back_what_was_the_merchants(store: Store) -> None:
    store.world.shop.add_location("Second")
    store.order(5)
    before = store.limits

    store.world.shop.disable_location(store.main)
    store.choose(selling="off")

    assert (before, store.limits, store.rows()) == ((3, 0), (None, 0), 0)


def test_what_cannot_be_given_back_at_a_closed_location_is_when_it_opens(store: Store) -> None:
    store.world.shop.add_location("Second")
    store.order(5)
    store.world.shop.faults.settings_status = 422
    store.world.shop.disable_location(store.main)
    store.choose(selling="off")
    kept = store.rows()

    store.world.shop.faults.settings_status = None
    store.world.shop.books.locations[store.main].is_enabled = True
    store.world.clock.sleep(3601)
    store.rest()

    assert (kept > 0, store.limits, store.rows()) == (True, (None, 0), 0)


def test_an_item_that_is_not_tracked_for_a_while_gets_its_values_back_after(store: Store) -> None:
    store.order(5)
    store.world.shop.set_tracking(store.robe.product_id, "none")
    store.world.clock.sleep(3601)
    store.rest()
    store.choose(selling="off")
    kept = store.rows()

    store.world.shop.set_tracking(store.robe.product_id, "variant")
    store.world.clock.sleep(3601)
    store.rest()

    assert (kept, store.limits, store.rows()) == (1, (None, 0), 0)


def test_nothing_is_kept_of_a_product_that_was_deleted(store: Store) -> None:
    store.order(5)
    store.world.shop.delete_product(store.robe.product_id)
    store.world.clock.sleep(3601)
    store.rest()

    assert store.rows() == 0


def test_safety_stock_is_the_merchants_until_they_say_otherwise(store: Store) -> None:
    store.choose(keeps_restocks=False)
    store.order(8)
    store.restock(4)

    assert store.limits == (6, 0)


def test_raised_safety_stock_is_given_back_by_whoever_wants_it_no_more(store: Store) -> None:
    store.order(8)
    store.restock(4)
    raised = store.limits
    store.choose(keeps_restocks=False)

    assert (raised, store.limits) == ((6, 4), (6, 0))


def test_the_page_says_what_raising_safety_stock_may_break(store: Store) -> None:
    assert "relative adjustments can be refused" in said(store)


def test_stock_at_one_location_does_not_hide_that_none_is_left_at_another(store: Store) -> None:
    store.choose(selling="off")
    second = store.world.shop.add_location("Second")
    store.world.shop.adjust_stock(store.robe.item_id, second, 50)
    store.order(2)
    store.choose(selling="dated")

    assert store.limits == (0, 0)
    assert store.world.shop.pools[store.robe.item_id, second].backorder_limit is None


def test_the_page_names_the_location_of_each_setting(store: Store) -> None:
    store.order(5)

    page = said(store)

    assert all(f">{text}<" in page for text in ("Main", "backorder limit 3", "no backorder limit"))
