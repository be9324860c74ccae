"""Deliveries in: kept together, each with an outcome of its own. On both databases."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
import sqlalchemy as sa
from redis import Redis
from structlog.testing import capture_logs

from app.db.held import HeldConnection, hold
from app.db.inbox import Incoming
from app.db.models import DeliveryRow, Shop
from app.pipeline import intake
from app.pipeline.intake import Outcome, Recorded, is_uninstall
from app.pipeline.runtime import Runtime
from app.platforms.base import Delivery, ShopGone
from app.platforms.http import Http
from app.services import open_engine
from app.settings import Settings
from tests.builders import NOW, delivery, installed_shop
from tests.tables import end_all_connections

Record = Callable[[Runtime, Sequence[Incoming]], Recorded]

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"


@pytest.fixture(params=["clean_pg", "sqlite_engine"])
def runtime(request: pytest.FixtureRequest, redis: Redis, settings: Settings) -> Runtime:
    """A process that takes webhooks in."""
    engine = request.getfixturevalue(request.param)
    return Runtime(settings, engine, redis, Http(), clock=lambda: NOW)


@pytest.fixture(params=["from the pool", "held"])
def record(request: pytest.FixtureRequest) -> Iterator[Record]:
    """Keeps deliveries, by a connection from the pool each time, or by one that is held."""
    held: dict[sa.Engine, HeldConnection | None] = {}

    def keep(runtime: Runtime, batch: Sequence[Incoming]) -> Recorded:
        if request.param == "held" and runtime.engine not in held:
            held[runtime.engine] = hold(runtime.engine)
        return intake.record(runtime, batch, held=held.get(runtime.engine))

    yield keep
    for one in filter(None, held.values()):
        one.let_go()


@pytest.fixture
def shop_id(runtime: Runtime) -> int:
    """The shop that the deliveries are about."""
    with runtime.sessions.begin() as session:
        return installed_shop(session).id


def told(number: str, *, by: str = "shopify", **changed: object) -> Incoming:
    """A delivery that is believed."""
    return Incoming(by, delivery(number, **changed))  # type: ignore[arg-type]


def kept(runtime: Runtime) -> list[str]:
    """The ids of what stands in the inbox, in the order of their arrival."""
    with runtime.sessions.begin() as session:
        return list(session.scalars(sa.select(DeliveryRow.delivery_id).order_by(DeliveryRow.id)))


def test_each_delivery_of_a_batch_has_its_own_outcome(
    record: Record, runtime: Runtime, shop_id: int
) -> None:
    record(runtime, [told("d-1")])
    stranger = Incoming("shopify", Delivery("b.myshopify.com", "some/topic", "d-3", None, "b-3", NOW))
    other_platform = told("d-4", by="bigcommerce")

    outcomes, to_ring = record(runtime, [told("d-2"), told("d-1"), stranger, other_platform])

    assert outcomes == [Outcome.NEW, Outcome.KNOWN, Outcome.UNKNOWN_SHOP, Outcome.UNKNOWN_SHOP]
    assert to_ring == {shop_id}
    assert kept(runtime) == ["d-1", "d-2"]


@pytest.mark.usefixtures("shop_id")
def test_what_stands_twice_in_a_batch_is_new_once(record: Record, runtime: Runtime) -> None:
    """By its id, and by event and body."""
    results = record(runtime, [told("d-1", event="e-1"), told("d-1"), told("d-2", event="e-1")])

    assert results.outcomes == [Outcome.NEW, Outcome.KNOWN, Outcome.KNOWN]
    assert kept(runtime) == ["d-1"]


@pytest.mark.usefixtures("shop_id")
def test_a_delivery_that_the_database_does_not_take_costs_no_other_its_place(
    record: Record, runtime: Runtime
) -> None:
    """A lone surrogate is no text that a database keeps."""
    bad = Incoming("shopify", Delivery("a.myshopify.com", "some/topic", "d-\udc80", None, "b", NOW))

    with capture_logs() as logs:
        results = record(runtime, [told("d-1"), bad, told("d-2")])

    assert results.outcomes == [Outcome.NEW, Outcome.NOT_KEPT, Outcome.NEW]
    assert kept(runtime) == ["d-1", "d-2"]
    assert [line["event"] for line in logs] == ["a webhook can't be kept"]


def test_a_dead_database_is_one_line_in_the_log_however_many_webhooks_it_refuses(
    record: Record,
    runtime: Runtime,
) -> None:
    dead = replace(runtime, engine=open_engine(NOWHERE))

    with capture_logs() as logs:
        results = record(dead, [told(f"d-{number}") for number in range(50)])

    assert results.outcomes == [Outcome.NOT_KEPT] * 50
    ((line),) = logs
    assert (line["event"], line["count"]) == ("no webhook can be kept: send again", 50)
    assert "\n" not in line["error"]


def test_a_shop_that_was_erased_a_moment_ago_is_unknown_at_once(
    record: Record, runtime: Runtime, shop_id: int
) -> None:
    record(runtime, [told("d-1")])
    with runtime.sessions.begin() as session:
        session.execute(sa.delete(DeliveryRow))
        session.delete(session.get_one(Shop, shop_id))

    assert record(runtime, [told("d-2")]).outcomes == [Outcome.UNKNOWN_SHOP]


def test_a_farewell_in_a_batch_ends_the_shops_work(
    record: Record, runtime: Runtime, shop_id: int
) -> None:
    farewell = Incoming("shopify", delivery("d-2", ShopGone()))

    results = record(runtime, [told("d-1"), farewell, told("d-3")])

    with runtime.sessions.begin() as session:
        status = session.get_one(Shop, shop_id).status
    assert results.outcomes == [Outcome.NEW] * 3
    assert (status, is_uninstall(farewell), is_uninstall(told("d-1"))) == ("removed", True, False)


def test_a_connection_that_was_cut_off_costs_no_delivery(
    clean_pg: sa.Engine, settings: Settings
) -> None:
    runtime = Runtime(settings, clean_pg, Redis(), Http(), clock=lambda: NOW)
    with runtime.sessions.begin() as session:
        installed_shop(session)
    held = HeldConnection(clean_pg)
    intake.record(runtime, [told("d-1")], held=held)

    end_all_connections(clean_pg)
    results = intake.record(runtime, [told("d-2")], held=held)
    held.let_go()

    assert results.outcomes == [Outcome.NEW]
    assert kept(runtime) == ["d-1", "d-2"]


def test_a_held_connection_is_taken_once_and_given_back(clean_pg: sa.Engine) -> None:
    held, taken = HeldConnection(clean_pg), []
    sa.event.listen(clean_pg, "checkout", note := lambda *told: taken.append(told[0]))

    for _ in range(3):
        with held.use() as connection:
            connection.execute(sa.select(1))
    before = clean_pg.pool.checkedout()  # type: ignore[attr-defined]
    held.let_go()
    sa.event.remove(clean_pg, "checkout", note)

    assert len(taken) == 1
    assert (before, clean_pg.pool.checkedout()) == (1, 0)  # type: ignore[attr-defined]


def test_a_connection_is_not_held_after_an_error(clean_pg: sa.Engine) -> None:
    held = HeldConnection(clean_pg)

    with pytest.raises(sa.exc.ProgrammingError), held.use() as connection:
        connection.execute(sa.text("SELECTED"))

    assert clean_pg.pool.checkedout() == 0  # type: ignore[attr-defined]
