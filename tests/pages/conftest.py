"""A browser, and a shop in the middle of a sale that went wrong."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, sync_playwright
from redis import Redis

from app.db import audit, inbox
from app.db.models import ArrivalRow, Order, Shop
from app.sandbox.shopify.records import Variant
from app.settings import Settings
from tests.beginnings import begin
from tests.builders import ITEM, LOCATION, delivery
from tests.db.waiting import placed, sells
from tests.pages.browser import CHROMIUM, FLAGS, kept_tab, served, tab
from tests.world import World, make_world


@pytest.fixture(scope="module")
def browser_at_large() -> Iterator[Browser]:
    """One browser for the tests of a module, each of which opens pages of its own. Not for longer: no
    two Playwrights can run in a process, and other modules start theirs."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def tab_on_loan(browser_at_large: Browser) -> Iterator[Callable[[], AbstractContextManager[Page]]]:
    """Lends the one tab of the module's tests that are marked with `own_timers`."""
    with kept_tab(browser_at_large) as lend:
        yield lend


@pytest.fixture
def page(browser_at_large: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A tab that fails the test on any error in the page's console. It is new and Playwright's clock
    moves its timers, unless the test is marked with `own_timers`."""
    if request.node.get_closest_marker("own_timers") is not None:
        with request.getfixturevalue("tab_on_loan")() as lent:
            yield lent
        return
    with tab(browser_at_large) as opened:
        opened.clock.install()
        yield opened


@pytest.fixture
def plain_page(browser_at_large: Browser) -> Iterator[Page]:
    """A tab whose console nobody reads and whose timers run by themselves."""
    context = browser_at_large.new_context()
    yield context.new_page()
    context.close()


@dataclass
class Sale:
    """A shop with mugs and towels. `ids` are its orders by their numbers."""

    world: World
    mug: Variant
    towel: Variant
    site: str = ""
    ids: dict[str, int] = field(default_factory=dict)

    @property
    def shop(self) -> str:
        """The address of the shop's overview."""
        return f"{self.site}/shops/{self.world.shop_id}"

    def order(self, name: str) -> str:
        """The address of an order's page."""
        return f"{self.shop}/orders/{self.ids[name]}"

    def place(self, *units: tuple[Variant, int]) -> str:
        """A buyer orders; returns the order's number."""
        order_id = self.world.shop.place_order([(variant.variant_id, count) for variant, count in units])
        self.world.quiet()
        name = str(self.world.shop.orders[order_id].name)
        self.ids[name] = order_id
        return name


@pytest.fixture
def empty_world(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> World:
    """Backline before any shop is connected."""
    return make_world(clean_pg, redis, settings, domain="northwind-mugs.myshopify.com")


@pytest.fixture
def sale(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Iterator[Sale]:
    """Orders that have their goods, wait for an arrival, wait for nobody knows what, and are released;
    two days have passed since the first."""
    machine = (clean_pg, redis, settings)
    world, (mug, towel, ids) = begin(machine, "sale", lambda: _play_sale(*machine))
    with served(world.web.application) as site:
        yield Sale(world, mug, towel, site, ids)


def _play_sale(
    engine: sa.Engine, redis: Redis, settings: Settings
) -> tuple[World, tuple[Variant, Variant, dict[str, int]]]:
    world = make_world(engine, redis, settings, domain="northwind-mugs.myshopify.com")
    world.clock.now -= timedelta(days=2)
    place = world.shop.add_location("Main")
    mug = world.shop.add_product("Blue Mug", sku="MUG-BLUE", stock={place: 3})
    towel = world.shop.add_product("Tea Towel", sku="TOWEL", stock={place: 0})
    lamp = world.shop.add_product("Desk Lamp", sku="LAMP", stock={place: 0})
    world.connect()
    world.quiet()
    sale = Sale(world, mug, towel)
    sale.place((mug, 2))
    sale.place((mug, 2))
    world.clock.sleep(26 * 3600)
    sale.place((mug, 1))
    sale.place((mug, 1), (towel, 2))
    sale.place((lamp, 1))
    world.expect(mug, 2, "2026-12-05")
    world.expect(mug, 10, "2026-12-19")
    world.quiet()
    world.clock.sleep(20 * 3600)
    world.shop.adjust_stock(lamp.item_id, place, 1)
    world.quiet()
    return world, (mug, towel, sale.ids)


@pytest.fixture
def troubled(sale: Sale) -> Sale:
    """The same, where a write failed, an order is held back, a webhook could not be read, the shop
    needs its merchant, and the law of late orders is watched."""
    with sale.world.runtime.sessions.begin() as session:
        now = sale.world.clock()
        shop_id = sale.world.shop_id
        failed = session.get_one(Order, (shop_id, sale.ids["#1003"]))
        failed.problem = "The platform refused the write: the order is archived."
        failed.write_due_at = now + timedelta(minutes=4)
        session.get_one(Order, (shop_id, sale.ids["#1002"])).held_at = now
        session.get_one(Shop, shop_id).regime = "us-mitor"
        told = delivery("d-1", problem="the body of orders/create can not be read")
        inbox.record_delivery(session, shop_id, told, now=now)
        audit.record_event(session, shop_id, "needs merchant", at=now, why="The token is void.")
    return sale


LONG = "Hand-thrown stoneware breakfast mug with a cobalt rim, 350 ml, dishwasher safe, second series"
CROWD = 500


@pytest.fixture
def crowded(sale: Sale) -> Sale:
    """The same with five hundred late orders of long names, and as many deliveries."""
    world, now = sale.world, sale.world.clock()
    with world.runtime.sessions.begin() as session:
        shop = session.get_one(Shop, world.shop_id)
        shop.regime = "us-mitor"
        sells(session, shop, title=LONG, sku="MUG-STONEWARE-COBALT-350-SECOND-SERIES")
        for number in range(CROWD):
            order = placed(
                session,
                shop,
                9_000_000 + number,
                short=1 + number % 3,
                on=now.date() + timedelta(days=90),
                since=now - timedelta(days=40),
                name=f"WHOLESALE-2026-{number:05}",
                tags="\nvip\nwholesale\n",
                short_value=2_500_000 * (number + 1),
            )
            order.placed_at = now - timedelta(days=40, minutes=number)
            session.add(_coming(shop.id, number, now))
    return sale


def _coming(shop_id: int, number: int, now: datetime) -> ArrivalRow:
    """A delivery; each third is late, each fifth is of a supplier with a long name."""
    day = now.date() + timedelta(days=number % 60 - 20)
    supplier = "Keramikmanufaktur Ostfriesland GmbH & Co. KG" if number % 5 == 0 else "Acme"
    return ArrivalRow(
        shop_id=shop_id,
        item_id=ITEM,
        sku="MUG",
        location_id=LOCATION,
        quantity=1_000 + number,
        received=number % 2,
        expected_on=day,
        first_expected_on=day,
        supplier=supplier,
        reference=f"PO-2026-{number:06}",
        state="expected",
        source="typed",
        created_at=now,
        updated_at=now,
    )
