"""A connected shop that sells one mug, and short words for what happens in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from redis import Redis

from app.db import arrivals, lead_times, preferences, shops, variants
from app.db.models import Event, Shop
from app.platforms.base import Credentials
from app.sandbox.shopify.records import Variant
from app.settings import Settings
from tests.beginnings import Machine, begin, go_on, name_of
from tests.world import World, make_world

ORDER_READS = frozenset({"Orders", "Routings", "Glance", "GlanceAt", "Look", "LookWhole", "WholeOrder"})
ORDER_WRITES = frozenset({"tagsAdd", "tagsRemove", "orderUpdate", "metafieldsDelete"})


@dataclass
class Stage:
    """A world whose shop has one location ("Main") and one product, the Blue Mug."""

    world: World
    main: int
    mug: Variant
    machine: Machine
    beginning: str

    def __post_init__(self) -> None:
        self._at_first = self._so_far()

    def first_order(self, units: int = 1) -> int:
        """The order that comes before anything else happens, seen and written; returns its id."""
        return self.first_orders(units)[0]

    def first_orders(self, *units: int) -> list[int]:
        """The same for several that come at once. They are played once for all tests that begin so."""
        assert self._so_far() == self._at_first, "something has happened already: order and settle_down"
        assert self._at_first[0] == 1, "what is kept is one shop's"

        def play() -> tuple[World, tuple[int, Variant, list[int]]]:
            ordered = [self.order(one) for one in units]
            self.settle_down()
            return self.world, (self.main, self.mug, ordered)

        begun = go_on(self.machine, f"{self.beginning}, and orders of {units}", play)
        self.world, (self.main, self.mug, ordered) = begun
        return ordered

    def _so_far(self) -> tuple[object, ...]:
        """What tells whether anything has happened."""
        shop = self.world.shop
        with self.machine[0].connect() as connection:
            told = connection.execute(sa.select(sa.func.max(Event.id))).scalar_one()
            installed = connection.execute(sa.select(sa.func.count(Shop.id))).scalar_one()
        waiting = len(shop.webhooks.waiting())
        return installed, told, self.world.clock(), waiting, len(shop.requests), len(shop.journal)

    def order(self, quantity: int = 1, **options: object) -> int:
        """A buyer orders mugs; returns the order's id."""
        return self.world.shop.place_order([(self.mug.variant_id, quantity)], **options)  # type: ignore[arg-type]

    def ordered(self, **options: object) -> int:
        """An order for a mug, seen and written; returns its id."""
        order_id = self.order(1, **options)
        self.settle_down()
        return order_id

    def choose(self, **wanted: Any) -> None:
        """Set these settings, and let everything come to rest."""
        with self.world.runtime.sessions.begin() as session:
            shop = shops.get_shop(session, self.world.shop_id)
            preferences.change_preferences(session, shop, wanted, by="ann", now=self.world.clock())
        self.settle_down()

    def restock(self, units: int) -> None:
        """Mugs come in at Main."""
        self.world.shop.adjust_stock(self.mug.item_id, self.main, units)

    def edit(self, order_id: int, quantity: int, *, line: int = 0) -> None:
        """Staff change a line of an order to so many units."""
        self.world.shop.edit_order(order_id, {self.line_id(order_id, line): quantity})

    def line_id(self, order_id: int, line: int = 0) -> int:
        """The id of an order's line."""
        return self.world.order(order_id).lines[line].line_id

    def settle_down(self) -> None:
        """Let everything that is under way come to rest."""
        self.world.quiet()

    def pass_hours(self, hours: float = 1) -> None:
        """Let time pass, and whatever is due then."""
        self.world.clock.sleep(timedelta(hours=hours).total_seconds() + 1)
        self.world.quiet()

    def expect_instead(self, arrival_id: int, quantity: int, on: str) -> int:
        """The supplier names another day for the mugs; returns the new arrival."""
        with self.world.runtime.sessions.begin() as session:
            old = arrivals.find_arrival(session, self.world.shop_id, arrival_id)
            assert old is not None
            arrivals.change_arrival(session, old, received=old.quantity, now=self.world.clock())
        return self.world.expect(self.mug, quantity, on)

    def set_lead_time(self, days: int) -> None:
        """The merchant says how long mugs usually take."""
        with self.world.runtime.sessions.begin() as session:
            item = variants.find_items(session, self.world.shop_id, self.mug.sku)[0]
            lead_times.set_lead_time(session, item, days, now=self.world.clock())

    def status(self) -> str:
        """The shop's status as the database has it."""
        with self.world.runtime.sessions.begin() as session:
            return shops.get_shop(session, self.world.shop_id).status

    def page(self, path: str | None = None) -> str:
        """A status page's text."""
        return self.world.web.get(path or f"/shops/{self.world.shop_id}").get_data(as_text=True)

    def order_page(self, order_id: int) -> str:
        """The text of an order's page."""
        return self.page(f"/shops/{self.world.shop_id}/orders/{order_id}")

    def orders_page(self, **asked: str) -> str:
        """The text of a list of orders."""
        return self.page(f"/shops/{self.world.shop_id}/orders?{urlencode(asked)}")

    def looks_like(self, order_id: int) -> tuple[set[str], str, Mapping[str, str]]:
        """All that the shop shows of an order that may be ours: tags, note, metafields."""
        return self.world.tags(order_id), self.world.note(order_id), self.world.metafields(order_id)


def open_shop(
    engine: sa.Engine,
    redis: Redis,
    settings: Settings,
    *,
    stock: int = 0,
    then: Callable[[Stage], None] | None = None,
    **options: object,
) -> Stage:
    """A shop with mugs on its shelf, connected and at rest. `then` is what else happens before the
    tests of a module: a function that is known by its name, and played once. Hooks that it sets on the
    world are not brought back."""

    def play() -> tuple[World, tuple[int, Variant]]:
        if then is not None:
            stage = open_shop(engine, redis, settings, stock=stock, **options)
            then(stage)
            return stage.world, (stage.main, stage.mug)
        world = make_world(engine, redis, settings, **options)
        main = world.shop.add_location("Main")
        mug = world.shop.add_product("Blue Mug", sku="MUG-BLUE", stock={main: stock})
        world.connect()
        world.quiet()
        return world, (main, mug)

    machine = (engine, redis, settings)
    name = f"shop with {stock} mugs, {sorted(options.items())}{name_of(then)}"
    world, (main, mug) = begin(machine, name, play)
    return Stage(world, main, mug, machine, name)


def mutations(world: World, *, since: int = 0) -> list[str]:
    """What our worker wrote on orders through the API, from a request on."""
    return [
        one.operation for one in world.shop.requests[since:] if ORDER_WRITES & set(one.operation.split())
    ]


def order_reads(world: World, *, since: int = 0) -> list[str]:
    """Reads of single orders, from a request on."""
    return [one.operation for one in world.shop.requests[since:] if one.operation in ORDER_READS]


def rows(engine: sa.Engine, *, shop_id: int) -> dict[str, int]:
    """How many rows each table has of a shop; tables without any are left out."""
    from app.db.models import Base  # noqa: PLC0415 -- as in conftest

    found = {}
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            column = table.c.id if table.name == "shops" else table.c.shop_id
            statement = sa.select(sa.func.count()).select_from(table).where(column == shop_id)
            found[table.name] = connection.execute(statement).scalar_one()
    return {name: count for name, count in found.items() if count}


def credentials(world: World) -> Credentials:
    """What connects to the sandbox shop."""
    return Credentials(world.shop_id, world.shop.domain, world.shop.access_token)


SHORT_WITHOUT_DATE = "Waiting for stock, no date known yet"


def block(*lines: str) -> str:
    """Our block with these lines."""
    return "\n".join(["[backorder]", *lines, "[/backorder]"])
