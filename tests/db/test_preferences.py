"""What a merchant sets."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import preferences
from app.db.models import Event, Shop
from tests.builders import NOW
from tests.db.stock import item, known_item


def set_by_ann(session: Session, shop: Shop, **wanted: object) -> list[str]:
    """Change these settings."""
    changed = preferences.change_preferences(session, shop, wanted, by="ann@example.com", now=NOW)
    session.flush()
    return changed


def events(session: Session, shop: Shop) -> list[tuple[str, str, str]]:
    """What the audit says: before, after, why."""
    rows = session.scalars(sa.select(Event).where(Event.shop_id == shop.id).order_by(Event.id))
    return [(row.before, row.after, row.why) for row in rows]


def test_a_change_says_what_it_was_what_it_is_and_who_did_it(session: Session, shop: Shop) -> None:
    changed = set_by_ann(session, shop, quiet_days=5, lead_time_days=None)

    assert (changed, shop.quiet_days) == (["quiet_days"], 5)
    assert events(session, shop) == [
        (
            "days a date may move quietly: 2",
            "days a date may move quietly: 5",
            "set by ann@example.com",
        )
    ]


@pytest.mark.parametrize(("name", "value"), [("lead_time_days", 14), ("time_zone", "Asia/Tokyo")])
def test_promises_that_stand_on_a_setting_are_made_anew(
    session: Session, shop: Shop, name: str, value: object
) -> None:
    known_item(session, shop, has_queue=True)
    known_item(session, shop, item=32, variant=22)

    set_by_ann(session, shop, **{name: value})

    assert item(session, shop).stock_due_at == NOW
    assert item(session, shop, 32).stock_due_at is None


def test_new_priority_rules_are_applied_to_every_open_order(session: Session, shop: Shop) -> None:
    shop.import_state = "done"

    set_by_ann(session, shop, priority_rules=[{"tag": "vip", "priority": 10}])

    assert shop.import_state == "running"


def test_connecting_again_leaves_what_the_merchant_chose(session: Session, shop: Shop) -> None:
    set_by_ann(session, shop, locale="de")

    preferences.take_profile(shop, time_zone="Europe/Berlin", locale="en")

    assert (shop.time_zone, shop.locale) == ("Europe/Berlin", "de")
