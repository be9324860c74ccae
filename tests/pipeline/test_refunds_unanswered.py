"""A cancellation whose answer was lost: the shop's own figures tell whether it was done, or a person."""

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import refunds as refund_rows
from app.db.models import RefundRow, Shop
from app.pipeline.alerts.findings import AlertContext, find_all
from app.pipeline.machines import Machines
from app.settings import Settings
from tests.pipeline.last_mugs import NOTHING, last_mugs, page, post, prepared, refunds, rows
from tests.pipeline.stage import Stage


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop whose two mugs are the last ones."""
    return last_mugs(clean_pg, redis, settings)


def lose_the_answer(stage: Stage) -> None:
    """The refund is made, and its answer gets lost on the way."""

    def lose() -> None:
        if stage.world.shop.requests[-1].operation == "Refund":
            stage.world.after_request = lambda: None
            raise ConnectionResetError

    stage.world.after_request = lose


def ask(stage: Stage, key: str) -> None:
    """It was confirmed, and nobody knows whether that has reached the shop."""
    with stage.world.runtime.sessions.begin() as session:
        row = session.scalars(sa.select(RefundRow).where(RefundRow.key == key)).one()
        row.state, row.asked_at, row.by = "asked", stage.world.clock(), "ann"
    stage.world.clock.sleep(120)


NOT_KNOWN = "Whether this was done is not known yet."


def test_a_request_whose_answer_never_came_is_done_once(stage: Stage) -> None:
    order_id = stage.first_order(3)
    key = prepared(stage, order_id)

    lose_the_answer(stage)
    lost = post(stage, order_id, key=key)
    soon = post(stage, order_id, key=key)
    another = post(stage, order_id, "/prepare")
    stage.world.clock.sleep(120)
    later = post(stage, order_id, key=key)

    assert [one.status_code for one in (lost, soon, another, later)] == [409, 409, 409, 303]
    told = [one.get_data(as_text=True) for one in (lost, soon, another)]
    assert [(NOT_KNOWN in text, NOTHING in text) for text in told] == [(True, False)] * 3
    assert refunds(stage) == ["2 units, 20.00"]
    assert rows(stage)[-1].state == "done"


def test_what_was_done_long_ago_is_known_as_done_whatever_the_keys(stage: Stage) -> None:
    """Shopify knows a key for a day; more units of the line are open, so that a second refund could be
    made."""
    stage.restock(1)
    order_id = stage.order(4)
    stage.settle_down()
    key = prepared(stage, order_id)

    lose_the_answer(stage)
    post(stage, order_id, key=key)
    stage.settle_down()
    linked = "Cancel units that can't be served" in stage.order_page(order_id)
    stage.world.shop.idempotent.clear()
    stage.world.clock.sleep(86_400)
    later = post(stage, order_id, key=key)

    assert linked
    assert later.status_code == 303
    assert refunds(stage) == ["2 units, 20.00"]
    assert rows(stage)[-1].state == "done"


def test_what_never_reached_the_shop_is_asked_once_more(stage: Stage) -> None:
    order_id = stage.first_order(3)
    key = prepared(stage, order_id)
    ask(stage, key)

    later = post(stage, order_id, key=key)

    assert later.status_code == 303
    assert refunds(stage) == ["2 units, 20.00"]


def test_what_never_reached_the_shop_and_is_not_right_any_more_is_not_done(stage: Stage) -> None:
    order_id = stage.first_order(3)
    key = prepared(stage, order_id)
    ask(stage, key)
    stage.restock(2)
    stage.settle_down()

    later = post(stage, order_id, key=key)

    assert "Every unit of this order can be served." in later.get_data(as_text=True)
    assert NOTHING in later.get_data(as_text=True)
    assert (refunds(stage), rows(stage)[-1].state) == ([], "dropped")


def overview_of(stage: Stage) -> str:
    return stage.page(f"/shops/{stage.world.shop_id}")


def told_of(stage: Stage) -> list[tuple[str, str]]:
    """What staff who want to know what is stuck are told of cancellations, and the page it links to."""
    with stage.world.runtime.sessions.begin() as session:
        shop = session.scalars(sa.select(Shop)).one()
        machines = Machines(workers=1, has_clock=True)
        found = find_all(AlertContext(session, shop, machines, stage.world.clock()))
    return [(one.text, one.page) for one in found if "canceled and refunded" in one.text]


def test_staff_are_told_of_one_that_nobody_looked_into_until_somebody_did(stage: Stage) -> None:
    order_id = stage.first_order(3)
    key = prepared(stage, order_id)
    ask(stage, key)
    soon = told_of(stage)
    stage.world.clock.sleep(900)
    later, overview = told_of(stage), overview_of(stage)
    post(stage, order_id, key=key)

    name = stage.world.shop.books.orders[order_id].name
    why = f"Order {name}: it is not known if its units were canceled and refunded."
    assert (soon, later) == ([], [(f"{why} Open the order to check.", f"orders/{order_id}")])
    assert f"Not known if done: order {name}." in overview
    assert told_of(stage) == []
    assert "Not known if done" not in overview_of(stage)


def test_what_the_shop_does_not_tell_is_for_a_person_to_see_to(stage: Stage) -> None:
    """Its units have changed, and no refund of ours is there: a parcel changes nothing, an edit does."""
    order_id = stage.first_order(3)
    key = prepared(stage, order_id)
    ask(stage, key)
    early = post(stage, order_id, "/close", key=key)
    stage.edit(order_id, 1)

    unclear = post(stage, order_id, key=key)
    text = page(stage, order_id)
    closed = post(stage, order_id, "/close", key=key)

    assert [one.status_code for one in (early, unclear, closed)] == [409, 409, 303]
    assert NOT_KNOWN in text
    assert "no refund by Backline" in text
    assert (refunds(stage), rows(stage)[-1].state) == ([], "dropped")
    assert "Cancellation closed, result not known" in stage.order_page(order_id)


def test_what_the_shop_says_was_done_is_done_whatever_was_thought_of_it(stage: Stage) -> None:
    """The answer came after somebody had closed it."""
    order_id = stage.first_order(3)
    key = prepared(stage, order_id)
    ask(stage, key)
    stage.edit(order_id, 1)
    post(stage, order_id, key=key)
    post(stage, order_id, "/close", key=key)

    with stage.world.runtime.sessions.begin() as session:
        row = session.get_one(RefundRow, rows(stage)[-1].id)
        refund_rows.finish(session, row, order_name="#1", now=stage.world.clock())

    assert rows(stage)[-1].state == "done"


def test_a_shipment_is_no_refund(stage: Stage) -> None:
    order_id = stage.order(5)
    stage.settle_down()
    key = prepared(stage, order_id)
    ask(stage, key)
    stage.world.shop.fulfil(order_id, {stage.line_id(order_id): 1})

    answer = post(stage, order_id, key=key)

    assert "has changed since Backline read it" in answer.get_data(as_text=True)
    assert (refunds(stage), rows(stage)[-1].state) == ([], "dropped")


def test_a_request_that_is_in_progress_is_no_refusal(stage: Stage) -> None:
    order_id = stage.first_order(3)
    key = prepared(stage, order_id)
    stage.world.shop.keys_in_progress.add(key)

    busy = post(stage, order_id, key=key)
    stage.world.shop.keys_in_progress.clear()
    stage.world.clock.sleep(120)
    later = post(stage, order_id, key=key)

    assert [busy.status_code, later.status_code] == [409, 303]
    assert NOT_KNOWN in busy.get_data(as_text=True)
    assert refunds(stage) == ["2 units, 20.00"]


def test_what_access_does_not_allow_was_not_done(stage: Stage) -> None:
    order_id = stage.first_order(3)
    key = prepared(stage, order_id)
    stage.world.shop.scopes = set(stage.world.shop.scopes) - {"write_orders"}

    answer = post(stage, order_id, key=key)

    assert NOTHING in answer.get_data(as_text=True)
    assert (refunds(stage), rows(stage)[-1].state) == ([], "dropped")
