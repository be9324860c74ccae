"""Deliveries into our copy: many at once, and only what is wrong with a delivery sets it aside."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import inbox, shops
from app.db.models import DeliveryRow, LineItemRow, Order, Shop
from app.pipeline.absorb import absorb
from app.pipeline.context import ShopContext
from app.pipeline.runtime import Runtime
from app.platforms.base import Fact, LineItem, OrderTouched, StockMoved
from app.settings import Settings
from tests.builders import ITEM, delivery, order_item, order_seen
from tests.pipeline.stage import Stage, open_shop

ME = "a test"


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that has run out of mugs, at rest."""
    return open_shop(clean_pg, redis, settings)


def tell(stage: Stage, *facts: Fact) -> None:
    """A delivery for each fact, in this order."""
    runtime, now = stage.world.runtime, stage.world.clock()
    with runtime.sessions.begin() as session:
        for number, fact in enumerate(facts):
            told = delivery(f"d-{number}", fact, body=f"b-{number}")
            inbox.record_delivery(session, stage.world.shop_id, told, now=now)


def take_in(stage: Stage, runtime: Runtime | None = None) -> bool:
    """One batch, as the worker that holds the shop."""
    machine = runtime or stage.world.runtime
    clock = stage.world.clock
    with machine.sessions.begin() as session:
        shops.take_lease(session, stage.world.shop_id, ME, now=clock())
    context = ShopContext(stage.world.shop_id, ME, machine.sessions, machine.connect, clock, "")
    return absorb(context)


def states(stage: Stage) -> list[str]:
    """The states of the deliveries that the test told."""
    with stage.world.runtime.sessions.begin() as session:
        where = DeliveryRow.delivery_id.like("d-%")
        return list(session.scalars(sa.select(DeliveryRow.state).where(where).order_by(DeliveryRow.id)))


def orders(stage: Stage) -> dict[int, list[int]]:
    """The outstanding units of each order's line items."""
    with stage.world.runtime.sessions.begin() as session:
        found: dict[int, list[int]] = {one: [] for one in session.scalars(sa.select(Order.order_id))}
        rows = sa.select(LineItemRow.order_id, LineItemRow.outstanding).order_by(LineItemRow.line_id)
        for order_id, units in session.execute(rows):
            found[order_id].append(units)
    return found


class Statements:
    """Counts what an engine is asked."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, *_: object) -> None:
        """One more."""
        self.count += 1


def count_statements(stage: Stage) -> int:
    """How many statements one batch takes."""
    counter, engine = Statements(), stage.world.runtime.engine
    sa.event.listen(engine, "before_cursor_execute", counter)
    try:
        take_in(stage)
    finally:
        sa.event.remove(engine, "before_cursor_execute", counter)
    return counter.count


def many_orders(count: int, *, at: int) -> list[Fact]:
    """Copies of that many orders."""
    return [order_seen(order_item(2), order=at + one) for one in range(count)]


def test_a_batch_takes_as_many_statements_however_many_orders_it_tells(stage: Stage) -> None:
    tell(stage, order_seen(order_item(2), order=999))
    take_in(stage)  # the first order of an item
    with stage.world.runtime.sessions.begin() as session:
        session.execute(sa.delete(DeliveryRow))
    tell(stage, *many_orders(2, at=1000))
    few = count_statements(stage)
    with stage.world.runtime.sessions.begin() as session:
        session.execute(sa.delete(DeliveryRow))
    tell(stage, *many_orders(200, at=2000))
    many = count_statements(stage)

    assert many == few
    assert set(states(stage)) == {"done"}
    assert len(orders(stage)) == 203


@pytest.mark.parametrize("fact", [StockMoved(ITEM, -1), OrderTouched(7)], ids=["stock", "touched"])
def test_webhooks_that_tell_little_are_taken_together_too(stage: Stage, fact: Fact) -> None:
    tell(stage, fact)
    one = count_statements(stage)
    with stage.world.runtime.sessions.begin() as session:
        session.execute(sa.delete(DeliveryRow))
    tell(stage, *[fact] * 50)

    assert count_statements(stage) <= one


def test_an_older_copy_never_overwrites_a_newer_one_of_the_same_batch(stage: Stage) -> None:
    tell(
        stage,
        order_seen(order_item(5), order=1, updated=5),
        order_seen(order_item(1), order=1, updated=2),
        order_seen(order_item(7), order=2, updated=2),
        order_seen(order_item(3), order=2, updated=3),
    )

    take_in(stage)

    assert orders(stage) == {1: [5], 2: [3]}


def poisoned(order_id: int) -> Fact:
    """An order of more units than any column takes."""
    return order_seen(LineItem(1, 21, 2**63, 2**63, "Blue Mug"), order=order_id)


@pytest.mark.parametrize("places", [[0], [63], [20, 21], [0, 31, 32, 63]])
def test_poisoned_deliveries_alone_are_set_aside(stage: Stage, places: Sequence[int]) -> None:
    facts = many_orders(64, at=1000)
    for place in places:
        facts[place] = poisoned(1000 + place)
    tell(stage, *facts)

    take_in(stage)

    assert [place for place, state in enumerate(states(stage)) if state == "failed"] == list(places)
    assert states(stage).count("done") == 64 - len(places)
    assert set(orders(stage)) == {1000 + place for place in range(64) if place not in places}


def test_a_delivery_of_another_version_of_ours_is_set_aside_with_the_reason(stage: Stage) -> None:
    """Nobody here can read its facts; the next delivery is absorbed all the same."""
    world = stage.world
    order_id = stage.order()
    world.deliver()
    tell(stage, OrderTouched(1))
    with world.runtime.sessions.begin() as session:
        future = {"facts": [{"type": "a fact nobody knows"}], "topic": "orders/create"}
        session.execute(sa.update(DeliveryRow).where(DeliveryRow.delivery_id == "d-0").values(**future))

    stage.settle_down()

    assert world.tags(order_id) == {"backordered"}
    page = stage.page(f"/shops/{world.shop_id}/deliveries")
    assert "orders/create could not be taken in: ValidationError" in page


@pytest.fixture
def hasty(stage: Stage, clean_pg: sa.Engine) -> Iterator[Runtime]:
    """A runtime whose database ends statements that take longer than half a second."""
    engine = sa.create_engine(clean_pg.url, connect_args={"options": "-c statement_timeout=500"})
    yield replace(stage.world.runtime, engine=engine)
    engine.dispose()


def test_a_database_that_is_slow_or_busy_condemns_no_delivery(stage: Stage, hasty: Runtime) -> None:
    """Somebody holds the table; once it is free, the same deliveries are taken in."""
    tell(stage, *many_orders(3, at=1000))
    with stage.world.runtime.engine.begin() as other:
        other.execute(sa.text("LOCK TABLE orders IN EXCLUSIVE MODE"))
        with pytest.raises(sa.exc.OperationalError):
            take_in(stage, hasty)
    while_held = states(stage)

    take_in(stage, hasty)

    assert while_held == ["due"] * 3
    assert states(stage) == ["done"] * 3
    assert set(orders(stage)) == {1000, 1001, 1002}


def test_a_database_that_ends_our_connection_condemns_no_delivery(stage: Stage) -> None:
    """As a restart or a failover does, in the middle of a batch."""
    tell(stage, *many_orders(3, at=1000))
    engine = stage.world.runtime.engine
    ended = []

    def end_it(connection: sa.Connection, *told: object) -> None:
        if "INSERT INTO orders" in str(told[1]) and not ended:
            ended.append(True)
            with engine.connect() as other:
                pid = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
                other.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    sa.event.listen(engine, "before_cursor_execute", end_it)
    try:
        with pytest.raises(sa.exc.OperationalError):
            take_in(stage)
    finally:
        sa.event.remove(engine, "before_cursor_execute", end_it)
    take_in(stage)

    assert states(stage) == ["done"] * 3


def test_nothing_is_left_to_absorb_when_all_is(stage: Stage) -> None:
    tell(stage, *many_orders(2, at=1000))

    assert take_in(stage)
    assert not take_in(stage)
    with stage.world.runtime.sessions.begin() as session:
        assert session.get(Shop, stage.world.shop_id) is not None
