"""The way of one shop: one worker at a time, in slices, and patient without holding a worker."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from redis import Redis
from structlog.testing import capture_logs

from app.db import shops
from app.db.due_sources import SOURCES, Step
from app.db.models import Shop
from app.pipeline.advance import SLICE, STEPS, advance
from app.settings import Settings
from tests.pipeline.stage import Stage, mutations, open_shop

ME = "a test"


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that has run out of mugs, at rest."""
    return open_shop(clean_pg, redis, settings)


@pytest.fixture
def told(stage: Stage) -> Stage:
    """The same, with an order that its webhook has told of."""
    stage.order()
    stage.world.deliver()
    return stage


def work(stage: Stage) -> float | None:
    """One slice of work."""
    runtime = stage.world.runtime
    return advance(
        stage.world.shop_id,
        owner=ME,
        sessions=runtime.sessions,
        connect=runtime.connect,
        clock=stage.world.clock,
        app_url=stage.world.runtime.settings.app_url,
    )


def shop_of(stage: Stage) -> Shop:
    """The shop's row."""
    with stage.world.runtime.sessions.begin() as session:
        return shops.get_shop(session, stage.world.shop_id)


def take_over(stage: Stage) -> bool:
    """Another worker tries to take the shop."""
    with stage.world.runtime.sessions.begin() as session:
        return shops.take_lease(session, stage.world.shop_id, "another", now=stage.world.clock())


def requests(stage: Stage) -> int:
    """How many requests the shop has had."""
    return len(stage.world.shop.requests)


def test_a_shop_that_somebody_works_on_is_left_alone_and_come_back_to(told: Stage) -> None:
    take_over(told)
    before = requests(told)

    again_s = work(told)

    assert again_s is not None
    assert 0 < again_s <= 15
    assert requests(told) == before
    assert shop_of(told).lease_owner == "another"


def test_a_killed_workers_shop_is_taken_over_within_a_minute(told: Stage) -> None:
    take_over(told)
    told.world.clock.sleep(60)

    work(told)

    assert mutations(told.world)


def test_work_done_lets_go_of_the_shop(told: Stage) -> None:
    work(told)

    assert shop_of(told).lease_owner is None
    assert take_over(told)


def lose_the_shop(stage: Stage, *, at: str) -> None:
    """Another worker gets the shop while this one's request of that kind is on its way."""
    world, lost = stage.world, []

    def give_it_to_another() -> None:
        if world.shop.requests[-1].operation == at and not lost:
            lost.append(at)
            with world.runtime.sessions.begin() as session:
                row = shops.get_shop(session, world.shop_id)
                row.lease_owner, row.lease_until = "another", world.clock() + shops.LEASE

    world.after_request = give_it_to_another


@pytest.mark.parametrize("at", ["Stock", "Glance"])
def test_a_worker_that_lost_its_shop_stops_and_writes_nothing(at: str, told: Stage) -> None:
    (order_id,) = told.world.shop.orders
    lose_the_shop(told, at=at)

    work(told)

    assert told.world.shop.requests[-1].operation == at
    assert mutations(told.world) == []
    assert told.looks_like(order_id) == (set(), "", {})
    assert shop_of(told).lease_owner == "another"


def test_the_next_worker_ends_what_the_one_that_lost_its_shop_began(told: Stage) -> None:
    """The write had been sent when the shop was lost: it is found, and not made again."""
    world, (order_id,) = told.world, told.world.shop.orders
    lose_the_shop(told, at="mutation orderUpdate tagsAdd")
    work(told)

    world.clock.sleep(61)
    world.quiet()

    assert len(mutations(world)) == 1
    assert world.tags(order_id) == {"backordered"}
    assert world.note(order_id).count("[backorder]") == 1


@pytest.mark.parametrize(
    "strike",
    [
        lambda shop: shop.faults.once("rate_limited"),
        lambda shop: shop.faults.once("server_error"),
        lambda shop: shop.faults.once("reset"),
        lambda shop: shop.faults.once("html_error"),
        lambda shop: shop.faults.once("lose_answer"),
    ],
    ids=["429", "5xx", "reset", "HTML", "lost answer"],
)
def test_a_shop_that_must_wait_holds_no_worker_and_is_not_called_before(
    strike: Callable[[object], None], told: Stage
) -> None:
    """Nothing waits inside a worker for more than a few seconds."""
    strike(told.world.shop)
    began = told.world.clock()

    again_s = work(told)
    took_s = (told.world.clock() - began).total_seconds()
    before = requests(told)
    too_soon_s = work(told)
    called_too_soon = requests(told) - before
    told.world.clock.sleep(again_s or 0)
    work(told)

    assert took_s < 5
    assert again_s is not None
    assert 0 < again_s <= 10
    assert too_soon_s == pytest.approx(again_s)
    assert called_too_soon == 0
    assert len(mutations(told.world)) == 1


def test_what_is_told_while_the_platform_must_be_waited_for_is_taken_in_at_once(told: Stage) -> None:
    told.world.shop.faults.once("rate_limited")
    work(told)
    told.order()
    told.world.deliver()

    work(told)

    assert "All caught up." in told.page()


def test_a_slice_ends_after_a_moment_and_the_shop_goes_to_the_back(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """A big shop never starves the others: 0 is "again, at once"."""
    one_by_one = settings.model_copy(update={"shopify_bulk_from_orders": 0})
    stage = open_shop(clean_pg, redis, one_by_one)
    world = stage.world
    towels = [
        world.shop.add_product(f"Towel {number}", sku=f"T{number}", stock={stage.main: 0})
        for number in range(5)
    ]
    orders = [world.shop.place_order([(towel.variant_id, 1)]) for towel in towels for _ in range(6)]
    world.deliver()
    request_s = 8
    world.shop.before_request = lambda: world.clock.sleep(request_s)
    began, slices = world.clock(), [work(stage)]
    first_took_s = (world.clock() - began).total_seconds()
    lease_between = shop_of(stage).lease_owner

    while slices[-1] == 0:
        world.deliver()
        slices.append(work(stage))

    assert slices[0] == 0
    assert lease_between is None
    # No step is cut short, so the last one may run over.
    assert SLICE.total_seconds() <= first_took_s < SLICE.total_seconds() + 2 * request_s
    assert len(slices) > 2
    assert all(world.tags(one) == {"backordered"} for one in orders)


def test_a_shop_that_needs_its_merchant_is_not_called_again(told: Stage) -> None:
    told.world.shop.faults.is_token_revoked = True

    first = work(told)
    before = requests(told)
    second = work(told)

    assert (first, second) == (None, None)
    assert requests(told) == before
    assert shop_of(told).status == "needs_merchant"
    assert "connect the shop again" in (shop_of(told).problem or "")


@pytest.mark.parametrize("status", [402, 404])
def test_a_closed_shop_needs_its_merchant(status: int, told: Stage) -> None:
    told.world.shop.faults.closed_status = status  # type: ignore[assignment]

    work(told)

    assert shop_of(told).status == "needs_merchant"


def test_a_token_that_no_key_opens_waits_for_the_key_and_sends_no_merchant_away(told: Stage) -> None:
    with told.world.runtime.sessions.begin() as session:
        shops.get_shop(session, told.world.shop_id).token_encrypted = "gAAAAA-not-ours"

    with capture_logs() as said:
        work(told)

    shop = shop_of(told)
    assert ["ENCRYPTION_KEYS" in line["reason"] for line in said if line["event"] == "waiting"] == [True]
    assert shop.status == "active"
    assert shop.wait_until is not None
    assert shop.wait_until > told.world.clock()


def test_a_defect_of_ours_escapes_and_lets_go_of_the_shop(told: Stage) -> None:
    """RQ keeps the failed job with its traceback; the sweep rings again."""

    def break_down(_: Shop) -> None:
        raise ZeroDivisionError

    runtime = told.world.runtime
    with runtime.sessions.begin() as session:
        shops.ask_to_sync(shops.get_shop(session, told.world.shop_id), now=told.world.clock())
    with pytest.raises(ZeroDivisionError):
        advance(
            told.world.shop_id,
            owner=ME,
            sessions=runtime.sessions,
            connect=break_down,  # type: ignore[arg-type]
            clock=told.world.clock,
            app_url="https://backline.test",
        )

    assert shop_of(told).lease_owner is None
    work(told)
    assert mutations(told.world)


def test_new_deliveries_come_before_anything_is_written(told: Stage) -> None:
    """The buyer cancels while the stock is read: nothing is written to the order."""
    world, (order_id,), cancelled = told.world, told.world.shop.orders, []

    def cancel() -> None:
        if not cancelled:
            cancelled.append(order_id)
            world.shop.cancel_order(order_id)
            world.deliver()

    world.shop.before_request = cancel
    world.quiet()

    assert cancelled
    assert mutations(world) == []
    assert told.looks_like(order_id) == (set(), "", {})


def test_a_shop_at_rest_asks_for_nothing_until_the_hourly_check(told: Stage) -> None:
    told.settle_down()
    before = requests(told)

    again_s = work(told)

    assert again_s is not None
    assert 3000 < again_s <= 3600
    assert requests(told) == before


def test_a_shop_that_is_no_more_asks_for_nothing(stage: Stage) -> None:
    """Its rows were erased while a job for it was on its way."""
    runtime = stage.world.runtime

    again_s = advance(
        987654,
        owner=ME,
        sessions=runtime.sessions,
        connect=runtime.connect,
        clock=stage.world.clock,
        app_url="",
    )

    assert again_s is None


def test_whatever_makes_a_shop_due_is_done_by_a_step_and_every_step_becomes_due() -> None:
    wanted = {step for source in SOURCES for step in source.steps}

    assert wanted == {Step.ABSORB, *STEPS} == set(Step)
