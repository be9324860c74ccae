"""Since when an order waits: the purchase, unless its stock ran out later."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import Shop
from app.db.waiting_since import began_waiting
from tests.builders import NOW
from tests.db.waiting import placed, sells

BOUGHT = NOW - timedelta(days=20)


def test_an_imported_order_waits_since_it_was_placed(session: Session, shop: Shop) -> None:
    _since(session, shop, installed_at=NOW - timedelta(hours=1))
    placed(session, shop, 1, placed_at=BOUGHT, first_seen_at=NOW - timedelta(minutes=50))

    assert began_waiting(session, shop.id, [1], now=NOW) == {1: BOUGHT}


def test_an_order_that_is_short_from_the_start_waits_since_it_was_placed(
    session: Session, shop: Shop
) -> None:
    _since(session, shop, installed_at=BOUGHT)
    at = NOW - timedelta(minutes=6)
    placed(session, shop, 1, placed_at=at, first_seen_at=at + timedelta(seconds=2))

    assert began_waiting(session, shop.id, [1], now=NOW) == {1: at}


def test_an_order_whose_stock_ran_out_later_waits_since_that_was_noticed(
    session: Session, shop: Shop
) -> None:
    _since(session, shop, installed_at=BOUGHT)
    at = NOW - timedelta(days=3)
    placed(session, shop, 1, placed_at=at, first_seen_at=at)

    assert began_waiting(session, shop.id, [1], now=NOW) == {1: NOW}


def _since(session: Session, shop: Shop, **columns: object) -> None:
    sells(session, shop)
    session.execute(sa.update(Shop).where(Shop.id == shop.id).values(**columns))
