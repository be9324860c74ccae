"""Units that can't be served are canceled once a manager confirms it: exactly those, and only once."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from redis import Redis

from app.core.regimes import NoticeKind
from app.core.states import ArrivalState
from app.db import items, variants
from app.db import refunds as refund_rows
from app.db.items import ItemTerms
from app.db.models import ArrivalRow, Event, Order, RefundRow
from app.pipeline.compliance import log_notice
from app.settings import Settings
from tests.pipeline.last_mugs import last_mugs, page, post, prepared, refunds, rows
from tests.pipeline.stage import Stage, open_shop


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop whose two mugs are the last ones."""
    return last_mugs(clean_pg, redis, settings)


def in_days(stage: Stage, days: int) -> str:
    return (stage.world.clock().date() + timedelta(days=days)).isoformat()


def test_nothing_is_canceled_by_itself(stage: Stage) -> None:
    order_id = stage.first_order(3)
    stage.pass_hours(48)

    assert "Cancel units that can't be served" in stage.order_page(order_id)
    assert (refunds(stage), rows(stage)) == ([], [])


def test_the_units_and_the_money_are_shown_before_anything_is_done(stage: Stage) -> None:
    order_id = stage.first_order(3)
    prepared(stage, order_id)

    text = page(stage, order_id)

    assert "20.00 EUR" in text
    assert "will not be restocked" in text
    assert refunds(stage) == []


def test_exactly_the_units_that_are_short_are_canceled(stage: Stage) -> None:
    order_id = stage.first_order(3)

    answer = post(stage, order_id, key=prepared(stage, order_id))
    stage.settle_down()

    line = stage.world.order(order_id).lines[0]
    assert answer.status_code == 303
    assert (line.current, line.unfulfilled) == (1, 1)
    assert refunds(stage) == ["2 units, 20.00"]
    assert "accepted a refund of 20.00 EUR" in page(stage, order_id)
    assert "backorder-review" not in stage.world.tags(order_id)


def test_units_that_a_scheduled_delivery_serves_are_not_proposed(stage: Stage) -> None:
    order_id = stage.order(6)
    stage.world.expect(stage.mug, 3, in_days(stage, 10))
    stage.settle_down()

    prepared(stage, order_id)

    assert "30.00 EUR" not in page(stage, order_id)
    assert [line["units"] for line in rows(stage)[-1].lines] == [2]


@pytest.mark.parametrize("day", [-3, None], ids=["late", "undated"])
def test_units_that_come_on_no_known_day_are_not_proposed(stage: Stage, day: int | None) -> None:
    order_id = stage.order(6)
    arrival_id = stage.world.expect(stage.mug, 3, in_days(stage, 3 if day is None else day))
    with stage.world.runtime.sessions.begin() as session:
        row = session.get_one(ArrivalRow, arrival_id)
        row.state = ArrivalState.UNDATED if day is None else ArrivalState.EXPECTED
    stage.settle_down()

    prepared(stage, order_id)

    assert [line["units"] for line in rows(stage)[-1].lines] == [2]


BY_HAND = "Shopify only records this refund. Pay the buyer yourself."


@pytest.mark.parametrize(("gateway", "is_told"), [("manual", True), ("shopify_payments", False)])
def test_where_staff_took_the_money_they_are_told_to_give_it_back(
    stage: Stage, gateway: str, is_told: bool
) -> None:
    order_id = stage.order(3)
    stage.world.order(order_id).gateway = gateway
    stage.settle_down()
    key = prepared(stage, order_id)
    before = page(stage, order_id)

    post(stage, order_id, key=key)
    after = page(stage, order_id)

    assert (BY_HAND in before, BY_HAND in after) == (is_told, is_told)
    assert ("Cancel these units and record" in before, "recorded a refund" in after) == (
        is_told,
        is_told,
    )
    assert ("to be paid by hand" in stage.order_page(order_id)) == is_told


def test_what_nobody_has_paid_is_canceled_and_no_money_is_promised(stage: Stage) -> None:
    order_id = stage.order(3)
    stage.world.order(order_id).gateway = ""
    stage.settle_down()
    key = prepared(stage, order_id)
    before = page(stage, order_id)

    post(stage, order_id, key=key)
    after = page(stage, order_id)

    assert "No money would go back" in before
    assert "no money went back" in after
    assert "20.00" not in before + after
    assert rows(stage)[-1].quote["amount"] == "0.00"
    assert stage.world.order(order_id).lines[0].current == 1


def test_the_table_looks_as_on_other_pages(stage: Stage) -> None:
    order_id = stage.first_order(3)

    text = page(stage, order_id)

    assert '<table class="table stack"' in text
    assert "<table>" not in text


def test_a_second_click_refunds_nothing_more(stage: Stage) -> None:
    order_id = stage.first_order(3)
    key = prepared(stage, order_id)

    answers = [post(stage, order_id, key=key).status_code for _ in range(3)]

    assert answers == [303, 303, 303]
    assert refunds(stage) == ["2 units, 20.00"]


def test_before_the_shop_has_told_of_it_nothing_can_be_prepared_again(stage: Stage) -> None:
    """Our copy of the order still wants what was canceled."""
    order_id = stage.first_order(3)
    post(stage, order_id, key=prepared(stage, order_id))

    answer = post(stage, order_id, "/prepare")

    assert answer.status_code == 409
    assert "has changed since Backline read it" in answer.get_data(as_text=True)
    assert len(refunds(stage)) == 1


def test_what_has_changed_since_it_was_shown_is_not_done(stage: Stage) -> None:
    order_id = stage.first_order(3)
    key = prepared(stage, order_id)
    stage.edit(order_id, 2)

    answer = post(stage, order_id, key=key)

    assert answer.status_code == 409
    assert refunds(stage) == []
    assert stage.world.order(order_id).lines[0].current == 2


def test_a_page_that_was_opened_before_changes_nothing_of_what_was_done(stage: Stage) -> None:
    order_id = stage.first_order(3)
    key = prepared(stage, order_id)
    stale = rows(stage)[-1]
    post(stage, order_id, key=key)

    with stage.world.runtime.sessions.begin() as session:
        dropped = refund_rows.drop(session, stale)
        refused = refund_rows.refuse(session, stale, "no", asked_at=stage.world.clock())

    assert (dropped, refused, rows(stage)[-1].state) == (False, False, "done")


def test_of_two_that_were_prepared_at_once_one_is_done(stage: Stage) -> None:
    """Two people, each with a page of their own."""
    order_id = stage.order(6)
    stage.settle_down()
    prepared(stage, order_id)
    first = rows(stage)[-1]
    stage.world.clock.sleep(1)
    key = prepared(stage, order_id)
    with stage.world.runtime.sessions.begin() as session:
        session.get_one(RefundRow, first.id).state = "prepared"
    stage.world.clock.sleep(1)
    post(stage, order_id, key=key)

    with stage.world.runtime.sessions.begin() as session:
        now = stage.world.clock()
        taken = refund_rows.take(session, first, by="bob", notifies=False, now=now)

    assert taken is False
    assert len(refunds(stage)) == 1


def test_who_looks_at_a_discarded_proposal_can_not_confirm_it(stage: Stage) -> None:
    order_id = stage.first_order(3)
    key = prepared(stage, order_id)

    dropped = post(stage, order_id, "/drop", key=key)
    confirmed = post(stage, order_id, key=key)

    assert [dropped.status_code, confirmed.status_code] == [303, 409]
    assert refunds(stage) == []


def test_what_can_be_served_by_now_is_not_canceled(stage: Stage) -> None:
    order_id = stage.first_order(3)
    key = prepared(stage, order_id)
    stage.restock(5)
    stage.settle_down()

    answer = post(stage, order_id, key=key)

    assert "Every unit of this order can be served." in answer.get_data(as_text=True)
    assert (refunds(stage), rows(stage)[-1].state) == ([], "dropped")


def test_stock_that_nobody_has_counted_yet_is_seen(stage: Stage) -> None:
    """The news of it are on their way."""
    order_id = stage.first_order(3)
    key = prepared(stage, order_id)
    stage.restock(5)

    answer = post(stage, order_id, key=key)

    assert "Stock has come that Backline has not counted yet." in answer.get_data(as_text=True)
    assert refunds(stage) == []


def test_what_has_come_in_part_must_be_prepared_again(stage: Stage) -> None:
    order_id = stage.first_order(3)
    key = prepared(stage, order_id)
    stage.restock(1)
    stage.settle_down()
    shown = page(stage, order_id)

    answer = post(stage, order_id, key=key)

    assert "is out of date" in shown
    assert "danger" not in shown
    assert "other units can&#39;t be served now" in answer.get_data(as_text=True)
    assert refunds(stage) == []


def test_what_will_be_restocked_after_all_is_not_canceled(stage: Stage) -> None:
    order_id = stage.first_order(3)
    key = prepared(stage, order_id)
    with stage.world.runtime.sessions.begin() as session:
        mug = variants.find_items(session, stage.world.shop_id, stage.mug.sku)[0]
        terms = ItemTerms("backorder", None, None)
        items.change_terms(session, mug, terms, by="ann", now=stage.world.clock())

    answer = post(stage, order_id, key=key)

    assert answer.status_code == 409
    assert refunds(stage) == []


def test_who_confirmed_it_is_told(stage: Stage) -> None:
    order_id = stage.first_order(3)
    post(stage, order_id, key=prepared(stage, order_id))

    with stage.world.runtime.sessions.begin() as session:
        where = (Event.order_id == order_id, Event.kind == "units canceled")
        event = session.scalars(sa.select(Event).where(*where)).one()
    assert event.before.startswith("2 units of ")
    assert event.after == "canceled, refund of 20.00 EUR accepted"
    assert event.why.startswith("confirmed by ")


def test_what_the_law_gives_back_is_proposed_too(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """The buyer does not want to wait: the short units are canceled, the others ship."""
    stage = open_shop(clean_pg, redis, settings, stock=2)
    stage.choose(regime="us-mitor")
    order_id = stage.order(3)
    stage.settle_down()
    before = post(stage, order_id, "/prepare").status_code
    with stage.world.runtime.sessions.begin() as session:
        order = session.get_one(Order, (stage.world.shop_id, order_id))
        day = stage.world.clock()
        log_notice(session, order, NoticeKind.DELAY, revised_on=None, by="ann", now=day)
        log_notice(session, order, NoticeKind.REFUSAL, revised_on=None, by="ann", now=day)

    post(stage, order_id, key=prepared(stage, order_id))

    assert before == 409
    assert "the money must go back by law" in rows(stage)[-1].why
    assert refunds(stage) == ["1 units, 10.00"]
    assert "1 unit of" in stage.order_page(order_id)


def test_an_order_that_is_served_has_nothing_to_cancel(stage: Stage) -> None:
    order_id = stage.ordered()

    answer = post(stage, order_id, "/prepare")

    assert answer.status_code == 409
    assert "Every unit of this order can be served." in answer.get_data(as_text=True)
