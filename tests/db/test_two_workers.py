"""Two workers at once, on real connections."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import arrivals, due_items, shops
from tests.builders import ITEM, NOW, day, installed_shop, seconds
from tests.db.stock import known_item


def test_what_a_worker_did_after_it_lost_its_lease_is_never_committed(clean_pg: sa.Engine) -> None:
    """Fencing: the lease is kept in the very transaction that does the work."""
    with Session(clean_pg) as setup:
        shop_id = installed_shop(setup).id
        shops.take_lease(setup, shop_id, "ann", now=NOW)
        setup.commit()

    with Session(clean_pg) as slow, pytest.raises(shops.LeaseLostError):  # noqa: PT012 -- a story
        shops.get_shop(slow, shop_id).name = "written by the slow one"
        with Session(clean_pg) as fast:
            shops.take_lease(fast, shop_id, "bob", now=seconds(61))
            fast.commit()
        shops.keep_lease(slow, shop_id, "ann", now=seconds(62))
        slow.commit()

    with Session(clean_pg) as check:
        assert shops.get_shop(check, shop_id).name == ""


def test_an_arrival_typed_while_the_item_is_settled_is_not_missed(clean_pg: sa.Engine) -> None:
    """The settling transaction holds the item; the arrival waits for it, and asks for another look."""
    with Session(clean_pg) as typing, Session(clean_pg) as settling:
        with Session(clean_pg) as setup:
            shop_id = _shop_with_an_item(setup)
        held = due_items.lock_item(settling, shop_id, ITEM)
        typing.execute(sa.text("SET LOCAL lock_timeout = '50ms'"))

        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            due_items.lock_item(typing, shop_id, ITEM)

        held.stock_due_at = None
        settling.commit()
        typing.rollback()
        row = due_items.lock_item(typing, shop_id, ITEM)
        arrivals.add_arrival(
            typing, row, location_id=1, quantity=1, expected_on=day("2026-12-05"), reference="", now=NOW
        )
        typing.commit()
        assert due_items.lock_item(settling, shop_id, ITEM).stock_due_at == NOW


def _shop_with_an_item(session: Session) -> int:
    shop = installed_shop(session)
    known_item(session, shop)
    session.commit()
    return shop.id
