"""Shopify's own purchase orders: no day of their own, but what they have taught, and their shipments."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db.models import ArrivalRow
from app.platforms.shopify.profile import PURCHASE_ORDERS_SCOPE
from app.sandbox.shopify.shop import ALL_SCOPES
from app.sandbox.shopify.supply_records import PurchaseOrder
from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop

LEAD_DAYS = 10


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that has run out of mugs, one of which is ordered."""
    return open_shop(clean_pg, redis, settings, then=order_a_mug)


def order_a_mug(stage: Stage) -> None:
    """An order that waits."""
    stage.ordered()


def order_mugs(stage: Stage, units: int, *, days_ago: int = 0, is_draft: bool = False) -> PurchaseOrder:
    """Mugs are ordered of their maker."""
    at = None if is_draft else stage.world.clock() - timedelta(days=days_ago)
    made: PurchaseOrder = stage.world.shop.order_goods(
        stage.main, {stage.mug.item_id: units}, supplier="Northern Pottery", ordered_at=at
    )
    return made


def send(stage: Stage, order: PurchaseOrder, units: int, *, arrives_at: datetime | None = None) -> int:
    """A shipment of a transfer that is linked to the order; returns it."""
    shop = stage.world.shop
    shipment = shop.expect_shipment(stage.main, {stage.mug.item_id: units}, arrives_at=arrives_at)
    transfer = shop.add_transfer(stage.main, [shipment.shipment_id])
    shop.link_transfer(order.purchase_order_id, transfer.transfer_id)
    return int(shipment.shipment_id)


def teach(stage: Stage, times: int = 6) -> None:
    """So many orders were placed and came ten days later, and were sold at once."""
    shop, clock = stage.world.shop, stage.world.clock
    for _ in range(times):
        order = order_mugs(stage, 1)
        shipment = send(stage, order, 1)
        clock.sleep(timedelta(days=LEAD_DAYS).total_seconds())
        shop.receive_shipment(shipment)
        stage.order()
        stage.pass_hours(2)


def rows(stage: Stage) -> list[ArrivalRow]:
    """What is known of the orders, oldest first."""
    with stage.world.runtime.sessions.begin() as session:
        where = ArrivalRow.source == "order"
        return list(session.scalars(sa.select(ArrivalRow).where(where).order_by(ArrivalRow.id)))


def note(stage: Stage) -> str:
    """Of the order that came last."""
    return stage.world.note(max(stage.world.shop.orders))


def test_an_order_without_a_date_is_promised_on_the_day_that_its_supplier_has_taught(
    stage: Stage,
) -> None:
    teach(stage)
    expected = stage.world.clock() + timedelta(days=LEAD_DAYS)

    order_mugs(stage, 50)
    stage.pass_hours()

    assert f"{expected:%b} {expected.day}, {expected.year}" in note(stage)
    page = stage.world.web.get(
        f"/shops/{stage.world.shop_id}/orders/{max(stage.world.shop.orders)}"
    ).get_data(as_text=True)
    assert "no day was announced; supplier Northern Pottery took up to 10 days" in page


def test_an_order_of_a_supplier_that_taught_nothing_is_promised_on_no_day(stage: Stage) -> None:
    order_mugs(stage, 50)
    stage.pass_hours()

    assert [(row.state, row.supplier) for row in rows(stage)] == [("undated", "Northern Pottery")]
    assert "no date known yet" in note(stage)


def test_a_shipment_with_a_date_counts_once_with_its_order(stage: Stage) -> None:
    order = order_mugs(stage, 50)
    day = datetime(2026, 12, 5, 10, tzinfo=UTC)
    send(stage, order, 20, arrives_at=day)

    stage.pass_hours()

    with stage.world.runtime.sessions.begin() as session:
        from app.db import arrivals  # noqa: PLC0415

        found = arrivals.expected_arrivals(session, stage.world.shop_id, stage.mug.item_id)
    counted = sorted((one.quantity, one.ordered_on is None) for one in found[stage.main])
    assert counted == [(20, True), (30, False)]
    assert "Dec 5, 2026" in note(stage)


def test_what_came_is_expected_no_more_and_the_order_is_not_read_again(stage: Stage) -> None:
    order = order_mugs(stage, 2)
    shipment = send(stage, order, 2)
    stage.pass_hours()
    stage.world.shop.receive_shipment(shipment)
    stage.pass_hours()
    since = len(stage.world.shop.requests)

    stage.pass_hours()

    assert [(row.state, row.received) for row in rows(stage)] == [("received", 2)]
    asked = [one.operation for one in stage.world.shop.requests[since:]]
    assert "PurchaseOrders" in asked
    assert "WholePurchaseOrders" not in asked


def test_drafts_are_not_expected_and_what_is_archived_no_longer_is(stage: Stage) -> None:
    order_mugs(stage, 7, is_draft=True)
    order = order_mugs(stage, 50)
    stage.pass_hours()
    before = [row.state for row in rows(stage)]

    stage.world.shop.archive_purchase_order(order.purchase_order_id)
    stage.pass_hours()

    assert before == ["undated"]
    assert [row.state for row in rows(stage)] == ["cancelled"]


def test_an_order_of_many_lines_is_read_to_its_end(stage: Stage) -> None:
    shop = stage.world.shop
    items = {
        shop.add_product(f"Cup {number}", sku=f"CUP-{number}", stock={stage.main: 0}).item_id: 1
        for number in range(45)
    }
    shop.order_goods(stage.main, items, supplier="Cups", ordered_at=stage.world.clock())

    stage.pass_hours()

    assert len(rows(stage)) == 45


def test_without_the_scope_nothing_is_asked_and_the_shop_is_told(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    scopes = tuple(scope for scope in ALL_SCOPES if scope != PURCHASE_ORDERS_SCOPE)
    stage = open_shop(clean_pg, redis, settings, scopes=scopes)
    stage.ordered()
    order_mugs(stage, 50)

    stage.pass_hours()

    assert rows(stage) == []
    assert "PurchaseOrders" not in {one.operation for one in stage.world.shop.requests}


def test_orders_that_shopify_refuses_to_show_stop_nothing(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """The scope was granted when the shop connected, and taken away since."""
    stage = open_shop(clean_pg, redis, settings)
    stage.world.shop.scopes = tuple(one for one in ALL_SCOPES if one != PURCHASE_ORDERS_SCOPE)
    stage.pass_hours()

    order_id = stage.ordered()

    assert "backordered" in stage.world.tags(order_id)
