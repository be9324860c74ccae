"""A restock that releases many orders: their tags are written in the background, their notes after."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from redis import Redis

from app.pipeline.runtime import work_on_shop
from app.sandbox.records import JournalEntry
from app.sandbox.shopify import bulk_writes
from app.sandbox.shopify.bulk_writes import StagedUpload
from app.sandbox.shopify.call import Call
from app.settings import Settings
from tests.pipeline.stage import Stage, mutations, open_shop

MANY = 6
DEC_5, DEC_25 = datetime(2026, 12, 5, 3, tzinfo=UTC), datetime(2026, 12, 25, 3, tzinfo=UTC)
DAYS = ("Dec 5, 2026", "Dec 25, 2026")
RELEASED = {"backorder-released"}
WAITS = {"backordered"}
REMOVE = """mutation($id: ID!, $tags: [String!]!) {
    tagsRemove(id: $id, tags: $tags) { userErrors { message } } }"""


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """Six orders wait for a mug each; five that change at once are many."""
    settings = settings.model_copy(update={"shopify_bulk_from_orders": 5})
    return open_shop(clean_pg, redis, settings, then=let_six_wait)


def let_six_wait(stage: Stage) -> None:
    """Four orders and two more, all seen and written a minute ago."""
    for few in (4, 2):
        for _ in range(few):
            stage.order(note="Please wrap")
        stage.settle_down()
    stage.world.clock.sleep(60)


def orders(stage: Stage) -> list[int]:
    return list(stage.world.shop.orders)


def tags(stage: Stage) -> list[set[str]]:
    return [stage.world.tags(order_id) for order_id in orders(stage)]


def work(stage: Stage) -> None:
    """Webhooks arrive and a worker comes, with no time passing."""
    stage.world.deliver()
    stage.world.work()


def restock(stage: Stage, units: int = MANY) -> None:
    """Mugs come in, and their webhook arrives."""
    stage.restock(units)
    stage.world.clock.sleep(5)
    work(stage)


def written(stage: Stage, kind: str) -> list[JournalEntry]:
    return [entry for entry in stage.world.shop.journal if entry.kind == kind]


def test_shipments_are_read_before_many_orders_that_wait_for_them_are_tagged(stage: Stage) -> None:
    """Their webhooks may be late: what hangs on a day must hang on the day of now."""
    stage.world.shop.expect_shipment(
        stage.main, {stage.mug.item_id: 20}, arrives_at=datetime(2026, 12, 5, tzinfo=UTC)
    )
    stage.pass_hours()
    stage.world.clock.sleep(61)
    since = len(stage.world.shop.requests)

    for _ in range(MANY):
        stage.order()
    stage.world.clock.sleep(5)
    stage.settle_down()

    asked = [one.operation for one in stage.world.shop.requests[since:]]
    assert "StageUploads" in asked
    assert asked.index("Shipments") < asked.index("StageUploads")
    assert tags(stage) == [WAITS] * 2 * MANY


def test_many_orders_are_released_by_two_operations_and_their_notes_one_by_one(stage: Stage) -> None:
    since = len(stage.world.shop.requests)

    restock(stage)
    stage.settle_down()

    assert tags(stage) == [RELEASED] * MANY
    kinds = [operation.kind for operation in stage.world.shop.bulk_operations.values()]
    assert kinds == ["MUTATION", "MUTATION"]
    assert set(mutations(stage.world, since=since)) == {"mutation orderUpdate"}
    for order_id in orders(stage):
        assert "Released" in stage.world.note(order_id)
        assert stage.world.note(order_id).startswith("Please wrap")
        assert stage.world.metafields(order_id)["status"] == "released"


def test_few_orders_are_released_the_ordinary_way(stage: Stage) -> None:
    restock(stage, 4)
    stage.settle_down()

    assert tags(stage) == [RELEASED] * 4 + [WAITS] * 2
    assert stage.world.shop.bulk_operations == {}


def test_nothing_else_is_written_while_it_runs_and_no_worker_waits(stage: Stage) -> None:
    restock(stage)
    since = len(stage.world.shop.requests)

    again_s = work_on_shop(stage.world.runtime, stage.world.shop_id)

    assert again_s == pytest.approx(5)
    assert stage.world.shop.requests[since:] == []
    assert tags(stage) == [WAITS] * MANY


def test_a_note_that_staff_write_while_it_runs_is_kept(stage: Stage) -> None:
    restock(stage)
    first = orders(stage)[0]

    stage.world.shop.edit_note(first, "Call first\n\n" + stage.world.note(first))
    stage.settle_down()

    assert stage.world.note(first).startswith("Call first\n\nPlease wrap")
    assert "Released" in stage.world.note(first)


def test_an_order_cancelled_while_it_runs_shows_nothing_in_the_end(stage: Stage) -> None:
    restock(stage)
    first = orders(stage)[0]

    stage.world.shop.cancel_order(first)
    stage.settle_down()

    assert tags(stage) == [set()] + [RELEASED] * (MANY - 1)
    assert stage.world.note(first) == "Please wrap"


def test_units_lost_while_it_runs_are_said_in_the_end(stage: Stage) -> None:
    restock(stage)

    stage.restock(-1)
    stage.settle_down()

    assert tags(stage) == [RELEASED] * (MANY - 1) + [WAITS]


def test_an_order_that_changed_untold_is_left_to_the_ordinary_way(stage: Stage) -> None:
    """No webhook told that it was shipped, and the list of changed orders does not show it yet."""
    first, faults = orders(stage)[0], stage.world.shop.faults
    stage.world.shop.webhooks.knobs.loss_rate = 1
    stage.world.shop.fulfil(first)
    stage.world.shop.webhooks.knobs.loss_rate = 0
    faults.search_lag_s[first] = 60

    restock(stage)

    operations = stage.world.shop.bulk_operations.values()
    named = {line["id"] for operation in operations for line in operation.lines}
    assert len(named) == MANY - 1
    assert not any(one.endswith(f"/{first}") for one in named)


def test_what_a_failed_operation_did_not_write_is_written_the_ordinary_way(stage: Stage) -> None:
    stage.world.shop.faults.bulk_fails_after = 2

    restock(stage)
    stage.settle_down()

    assert tags(stage) == [RELEASED] * MANY
    assert all("Released" in stage.world.note(order_id) for order_id in orders(stage))
    added = [entry.order_id for entry in written(stage, "tag added") if "released" in entry.detail]
    assert sorted(added) == sorted(set(added))


def test_after_a_failure_no_other_one_is_begun_for_a_while(stage: Stage) -> None:
    stage.world.shop.faults.bulk_fails_after = 0
    restock(stage)
    pass_seconds(stage, 30)
    for _ in range(MANY):
        stage.order()
    pass_seconds(stage, 120)

    assert tags(stage) == [RELEASED] * MANY + [WAITS] * MANY
    assert len(stage.world.shop.bulk_operations) == 2


def test_a_refused_operation_is_replaced_by_the_ordinary_way(stage: Stage) -> None:
    """Five others of the app are running."""
    shop = stage.world.shop
    call, upload = Call(shop, 0, "https://x"), StagedUpload("key", "", "", content=b"{}")
    shop.staged_uploads["key"], shop.bulk_delay_s = upload, 7200
    for _ in range(5):
        bulk_writes.start(call, REMOVE, "key")

    restock(stage)
    pass_seconds(stage, 30)

    assert tags(stage) == [RELEASED] * MANY
    assert len(shop.bulk_operations) == 5


def test_an_operation_that_takes_too_long_is_stopped_and_not_waited_for(stage: Stage) -> None:
    stage.world.shop.bulk_delay_s = 7200

    restock(stage)
    pass_seconds(stage, 20 * 60, every_s=60)

    states = [operation.status for operation in stage.world.shop.bulk_operations.values()]
    assert states == ["CANCELED", "CANCELED"]
    assert tags(stage) == [RELEASED] * MANY


def test_many_orders_that_begin_to_wait_are_tagged_by_one_operation(stage: Stage) -> None:
    for _ in range(MANY):
        stage.order()
    stage.settle_down()

    assert tags(stage) == [WAITS] * MANY * 2
    assert len(stage.world.shop.bulk_operations) == 1
    assert all("[backorder]" in stage.world.note(order_id) for order_id in orders(stage))


@pytest.mark.parametrize("is_told", [True, False])
def test_notes_after_it_say_the_day_to_which_a_shipment_was_moved(stage: Stage, is_told: bool) -> None:
    """While the tags are written; its webhook may be lost."""
    goods = {stage.mug.item_id: 3 * MANY}
    shipment = stage.world.shop.expect_shipment(stage.main, goods, arrives_at=DEC_5).shipment_id
    stage.pass_hours()
    new = [stage.order() for _ in range(MANY)]
    moved: list[int] = []
    said: set[str] = set()

    def move_and_remember() -> None:
        said.update(day for day in DAYS for one in new if day in stage.world.note(one))
        if stage.world.shop.bulk_operations and not moved:
            moved.append(shipment)
            stage.world.shop.webhooks.knobs.loss_rate = 0 if is_told else 1
            stage.world.shop.reschedule_shipment(shipment, DEC_25)
            stage.world.clock.sleep(1 if is_told else 61)

    stage.world.after_request = move_and_remember
    stage.settle_down()

    assert moved
    assert said == {"Dec 25, 2026"}


def test_an_order_that_is_refused_is_set_aside_with_the_reason(stage: Stage) -> None:
    """It holds as many tags as an order may."""
    first = orders(stage)[0]
    stage.world.shop.add_tags(first, [f"tag {number}" for number in range(249)])
    stage.settle_down()
    restock(stage)
    stage.world.shop.add_tags(first, ["one more"])

    pass_seconds(stage, 30)

    assert tags(stage)[1:] == [RELEASED] * (MANY - 1)
    assert "The platform refused the write" in stage.order_page(first)


def pass_seconds(stage: Stage, seconds: float, *, every_s: float = 2) -> None:
    """Time passes; webhooks and workers come every now and then."""
    for _ in range(int(seconds / every_s)):
        stage.world.clock.sleep(every_s)
        work(stage)
