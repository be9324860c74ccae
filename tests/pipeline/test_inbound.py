"""Shopify's inbound shipments: read, followed through their life, and never counted twice."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import arrivals, inbound_feed, shops
from app.db.inbound_feed import ReportedArrival
from app.db.models import ArrivalRow
from app.platforms.shopify import goods_queries
from app.sandbox.shopify.shop import ALL_SCOPES
from app.settings import Settings
from tests.builders import day
from tests.pipeline.stage import Stage, open_shop
from tests.world import make_world

DEC_5 = datetime(2026, 12, 5, 10, tzinfo=UTC)
DEC_12 = datetime(2026, 12, 12, 10, tzinfo=UTC)


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that has run out of mugs, one of which is ordered."""
    return open_shop(clean_pg, redis, settings, then=order_a_mug)


def order_a_mug(stage: Stage) -> None:
    """An order that waits."""
    stage.order()
    stage.settle_down()


def ship(stage: Stage, units: int, at: datetime | None = DEC_5) -> int:
    """Mugs are on their way to Main; returns the shipment."""
    goods = {stage.mug.item_id: units}
    shipment = stage.world.shop.expect_shipment(stage.main, goods, arrives_at=at)
    return int(shipment.shipment_id)


def rows(stage: Stage) -> list[ArrivalRow]:
    """All arrivals, oldest first."""
    with stage.world.runtime.sessions.begin() as session:
        return list(session.scalars(sa.select(ArrivalRow).order_by(ArrivalRow.id)))


def expected(stage: Stage) -> list[tuple[int, date]]:
    """Units and days that promises may stand on."""
    with stage.world.runtime.sessions.begin() as session:
        found = arrivals.expected_arrivals(session, stage.world.shop_id, stage.mug.item_id)
    return [(each.quantity, each.expected_on) for each in found.get(stage.main, [])]


def later(stage: Stage) -> None:
    """Webhooks come, and the minute is over in which shipments are read once."""
    stage.world.clock.sleep(61)
    stage.settle_down()


def tell(stage: Stage, reference: str, quantity: int, on: str) -> None:
    """A list names a purchase order of mugs."""
    with stage.world.runtime.sessions.begin() as session:
        order = ReportedArrival(
            source_key=inbound_feed.list_key(reference, stage.mug.sku, stage.main),
            item_id=stage.mug.item_id,
            sku=stage.mug.sku,
            location_id=stage.main,
            quantity=quantity,
            expected_on=day(on),
            reference=reference,
        )
        inbound_feed.upsert_arrivals(
            session,
            stage.world.shop_id,
            [order],
            source="csv",
            cause="a test",
            now=stage.world.clock(),
        )


def test_an_order_gets_the_day_of_the_shipment(stage: Stage) -> None:
    (order_id,) = stage.world.shop.orders

    ship(stage, 5)
    later(stage)

    assert "Dec 5, 2026" in stage.world.note(order_id)
    (row,) = rows(stage)
    assert (row.source, row.reference, row.quantity, row.state) == ("shopify", "#S0001", 5, "expected")
    assert (row.item_id, row.location_id, row.expected_on) == (
        stage.mug.item_id,
        stage.main,
        day("2026-12-05"),
    )


def test_what_was_on_its_way_before_the_shop_connected_is_read_with_the_first_stock(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """No webhook tells of it, and an hour is long for whoever has just installed us."""
    world = make_world(clean_pg, redis, settings)
    main = world.shop.add_location("Main")
    mug = world.shop.add_product("Blue Mug", sku="MUG-BLUE", stock={main: 0})
    world.shop.expect_shipment(main, {mug.item_id: 5}, arrives_at=DEC_5)
    order_id = world.shop.place_order([(mug.variant_id, 1)])

    world.connect()
    world.quiet(at_most_s=120)

    assert "Dec 5, 2026" in world.note(order_id)


def test_a_shipment_that_no_webhook_told_is_found_within_the_hour(stage: Stage) -> None:
    stage.world.shop.webhooks.subscriptions.clear()

    ship(stage, 5)
    stage.pass_hours(1)

    assert expected(stage) == [(5, day("2026-12-05"))]


def test_a_delayed_shipment_keeps_the_day_it_was_first_expected(stage: Stage) -> None:
    shipment = ship(stage, 5)
    later(stage)

    stage.world.shop.reschedule_shipment(shipment, DEC_12)
    later(stage)

    (row,) = rows(stage)
    assert (row.expected_on, row.first_expected_on) == (day("2026-12-12"), day("2026-12-05"))


def test_what_has_come_in_is_expected_no_more(stage: Stage) -> None:
    shipment = ship(stage, 5)
    later(stage)

    stage.world.shop.receive_shipment(shipment, {stage.mug.item_id: 2})
    later(stage)
    assert expected(stage) == [(3, day("2026-12-05"))]

    stage.world.shop.reject_rest(shipment)
    stage.pass_hours(1)
    (row,) = rows(stage)
    assert (row.received, row.quantity, row.state) == (2, 5, "received")
    assert row.received_at is not None
    assert expected(stage) == []


@pytest.mark.parametrize("end", ["delete", "no date"])
def test_a_shipment_that_is_gone_or_has_no_date_any_more_is_cancelled(stage: Stage, end: str) -> None:
    shipment = ship(stage, 5)
    later(stage)

    if end == "delete":
        stage.world.shop.delete_shipment(shipment)
    else:
        stage.world.shop.reschedule_shipment(shipment, None)
    later(stage)

    assert [row.state for row in rows(stage)] == ["cancelled"]
    assert expected(stage) == []


def test_goods_without_a_date_are_no_arrival(stage: Stage) -> None:
    ship(stage, 5, at=None)
    later(stage)

    assert rows(stage) == []


@pytest.mark.parametrize("reference", ["#s0001", "PO-17", "T0001"])
def test_a_purchase_order_and_its_shipment_count_once(stage: Stage, reference: str) -> None:
    """By the name of the shipment, of its transfer, or the merchant's own word for that."""
    tell(stage, reference, 8, "2026-12-20")

    shipment = ship(stage, 5)
    stage.world.shop.add_transfer(stage.main, [shipment], reference="PO-17")
    later(stage)

    assert expected(stage) == [(5, day("2026-12-05")), (3, day("2026-12-20"))]
    stage.world.shop.receive_shipment(shipment)
    stage.pass_hours(1)
    assert expected(stage) == [(3, day("2026-12-20"))]


def test_what_has_landed_of_a_shipment_is_not_expected_again_when_it_loses_its_date(
    stage: Stage,
) -> None:
    tell(stage, "PO-17", 8, "2026-12-20")
    shipment = ship(stage, 5)
    stage.world.shop.add_transfer(stage.main, [shipment], reference="PO-17")
    later(stage)
    stage.world.shop.receive_shipment(shipment, {stage.mug.item_id: 2})
    later(stage)

    stage.world.shop.reschedule_shipment(shipment, None)
    later(stage)

    assert expected(stage) == [(6, day("2026-12-20"))]


def test_a_transfer_is_no_arrival_beside_its_shipments(stage: Stage) -> None:
    stage.world.shop.add_transfer(stage.main, [ship(stage, 2), ship(stage, 3, DEC_12)])
    later(stage)

    assert expected(stage) == [(2, day("2026-12-05")), (3, day("2026-12-12"))]
    assert {row.reference for row in rows(stage)} == {"#T0001"}


def test_several_webhooks_in_a_row_are_one_reading(stage: Stage) -> None:
    stage.world.clock.sleep(61)
    before = readings(stage)

    for _ in range(3):
        ship(stage, 1)
        stage.world.clock.sleep(5)
        stage.world.deliver()
        stage.world.work()

    assert readings(stage) - before == 1
    later(stage)
    assert readings(stage) - before == 2
    assert len(rows(stage)) == 3


def test_the_hourly_check_reads_nothing_that_was_read_within_the_minute(stage: Stage) -> None:
    stage.world.clock.sleep(3601)
    ship(stage, 1)
    stage.world.deliver()
    before = readings(stage)

    stage.settle_down()
    stage.world.clock.sleep(61)
    stage.settle_down()

    assert readings(stage) - before == 1


def readings(stage: Stage) -> int:
    """How often shipments were read."""
    return sum(one.operation == "Shipments" for one in stage.world.shop.requests)


def test_a_shipment_of_many_lines_is_read_whole(stage: Stage) -> None:
    shop: Any = stage.world.shop
    count = goods_queries.SHIPMENT_LINES + 5
    items = [
        shop.add_product(f"Item {n}", sku=f"S-{n}", stock={stage.main: 0}).item_id for n in range(count)
    ]

    shop.expect_shipment(stage.main, dict.fromkeys(items, 1), arrives_at=DEC_5)
    later(stage)

    assert {row.item_id for row in rows(stage)} == set(items)


def test_without_the_scope_nothing_is_asked_and_the_shop_works(stage: Stage) -> None:
    stage.world.shop.scopes = tuple(scope for scope in ALL_SCOPES if "_inventory_" not in scope)
    with stage.world.runtime.sessions.begin() as session:
        shops.get_shop(session, stage.world.shop_id).scopes = list(stage.world.shop.scopes)
    before = readings(stage)

    ship(stage, 5)
    stage.pass_hours(1)

    assert (rows(stage), readings(stage)) == ([], before)
    assert stage.status() == "active"


def test_the_note_follows_the_shipment(stage: Stage) -> None:
    (order_id,) = stage.world.shop.orders
    shipment = ship(stage, 5)
    later(stage)

    stage.world.shop.reschedule_shipment(shipment, DEC_12)
    later(stage)

    assert "Dec 12, 2026" in stage.world.note(order_id)
