"""What is written is as fresh as its source: shipments, and what the merchant set, as they are now."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import preferences, shops
from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop

LOOKS = ("Glance", "Look", "LookWhole")
DEC_5 = datetime(2026, 12, 5, 3, tzinfo=UTC)
DEC_25 = datetime(2026, 12, 25, 3, tzinfo=UTC)


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop without mugs, of which one is ordered and nine are on their way."""
    return open_shop(clean_pg, redis, settings, then=wait_for_nine)


def wait_for_nine(stage: Stage) -> None:
    """The order waits for them."""
    stage.ordered()
    expect_mugs(stage)
    stage.pass_hours()


def expect_mugs(stage: Stage, units: int = 9) -> int:
    """Mugs are on their way, to arrive on December 5; returns the shipment."""
    goods = {stage.mug.item_id: units}
    shipment = stage.world.shop.expect_shipment(stage.main, goods, arrives_at=DEC_5)
    return int(shipment.shipment_id)


def notes_of_an_order(stage: Stage) -> list[str]:
    """Every note that an order of today has until all is at rest, in turn."""
    order_id = stage.order()
    found: list[str] = []

    def remember() -> None:
        note = stage.world.note(order_id)
        if note and note not in found:
            found.append(note)

    stage.world.after_request = remember
    stage.settle_down()
    stage.world.after_request = lambda: None
    return found


def test_an_order_gets_the_day_to_which_its_shipment_moved_just_before(stage: Stage) -> None:
    """Shipments were read a moment before that, so another reading would wait for a minute."""
    expect_mugs(stage, 1)
    stage.settle_down()
    for one in list(stage.world.shop.books.shipments):
        stage.world.shop.reschedule_shipment(one, DEC_25)
    stage.world.clock.sleep(8)
    stage.world.deliver()

    notes = notes_of_an_order(stage)

    assert len(notes) == 1
    assert "Dec 25, 2026" in notes[0]


def test_a_shipment_whose_webhook_is_late_is_read_before_its_day_is_written(stage: Stage) -> None:
    stage.world.clock.sleep(61)
    for one in list(stage.world.shop.books.shipments):
        stage.world.shop.reschedule_shipment(one, DEC_25)
    stage.world.shop.webhooks.take_due(stage.world.clock())

    notes = notes_of_an_order(stage)

    assert len(notes) == 1
    assert "Dec 25, 2026" in notes[0]


def test_shipments_are_read_once_a_minute_however_many_orders_wait_for_them(stage: Stage) -> None:
    stage.world.clock.sleep(61)
    before = len(stage.world.shop.requests)

    for _ in range(6):
        stage.ordered()
        stage.world.clock.sleep(4)

    read = [one.operation for one in stage.world.shop.requests[before:]]
    assert read.count("Shipments") == 1


def at_the_look(stage: Stage, act: Callable[[], None]) -> None:
    """Have something happen once, after the look and before what it leads to is written."""
    is_done: list[bool] = []

    def after_request() -> None:
        if not is_done and stage.world.shop.requests[-1].operation in LOOKS:
            is_done.append(True)
            act()

    stage.world.after_request = after_request


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        pytest.param({"locale": "de"}, "Voraussichtlicher Versand bis 05.12.2026", id="language"),
        pytest.param(
            {"wording": {"en": {"expected": "On its way: {date}"}}},
            "On its way: Dec 5, 2026",
            id="wording",
        ),
        pytest.param({"time_zone": "America/New_York"}, "by Dec 4, 2026", id="time zone"),
        pytest.param({"handling_days": 3}, "by Dec 8, 2026", id="handling days"),
    ],
)
def test_what_is_set_between_the_look_and_the_write_counts(
    wanted: dict[str, Any], says: str, stage: Stage
) -> None:
    order_id = stage.order()
    at_the_look(stage, lambda: set_(stage, wanted))

    stage.settle_down()

    journal = stage.world.shop.journal
    written = [one for one in journal if one.kind == "note written" and one.order_id == order_id]
    assert len(written) == 1
    assert says in stage.world.note(order_id)


def test_a_tag_that_is_renamed_between_the_look_and_the_write_is_written_by_its_new_name(
    stage: Stage,
) -> None:
    order_id = stage.order()
    at_the_look(stage, lambda: set_(stage, {"tag_names": {"backordered": "on backorder"}}))

    stage.settle_down()

    assert stage.world.tags(order_id) == {"on backorder"}


def set_(stage: Stage, wanted: dict[str, Any]) -> None:
    """The merchant saves settings."""
    with stage.world.runtime.sessions.begin() as session:
        shop = shops.get_shop(session, stage.world.shop_id)
        preferences.change_preferences(session, shop, wanted, by="ann", now=stage.world.clock())
