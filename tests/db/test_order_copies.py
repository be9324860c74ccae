"""Copies of many orders at once leave the same rows as one after the other."""

import random

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import orders
from app.db.models import Base, LineItemRow, LineRow, Order, RouteRow, Shop
from app.platforms.base import LocatedLine, OrderSeen, Routing
from tests.builders import ITEM, LOCATION, installed_shop, order_item, order_seen, seconds
from tests.db.stock import known_item

TABLES: tuple[type[Base], ...] = (Order, LineItemRow, LineRow, RouteRow)


def some_copy(chance: random.Random) -> OrderSeen:
    """Of one of three orders, in any order of time, with or without what it may tell."""
    order = chance.randint(1, 3)
    items = [
        order_item(
            chance.randint(0, 3),
            variant=chance.choice([21, 22]),
            number=line,
            price=chance.choice([None, 5]),
        )
        for line in range(1, chance.randint(1, 3))
    ]
    routing = None
    if chance.random() < 0.4:
        lines = (LocatedLine(ITEM, LOCATION, chance.randint(0, 4)),)
        routing = Routing(lines, (order * 10 + chance.randint(0, 1),) if chance.random() < 0.8 else ())
    return order_seen(
        *items,
        order=order,
        updated=chance.randint(0, 4),
        routing=routing,
        is_cancelled=chance.random() < 0.2,
        knows_items=chance.random() < 0.8,
    )


def rows(session: Session, shop: Shop) -> dict[str, set[tuple[object, ...]]]:
    """Everything the tables hold of the shop."""
    session.flush()
    return {
        table.__tablename__: {
            tuple(row)[1:]
            for row in session.execute(
                sa.select(table.__table__).where(table.__table__.c.shop_id == shop.id)
            )
        }
        for table in TABLES
    }


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("is_read", [False, True], ids=["told", "read"])
def test_a_batch_leaves_what_its_copies_leave_one_by_one(
    session: Session, seed: int, *, is_read: bool
) -> None:
    """Where some orders are known before, and some come twice."""
    chance = random.Random(seed)  # noqa: S311 -- examples
    known = [some_copy(chance) for _ in range(3)]
    copies = [some_copy(chance) for _ in range(12)]
    together, alone = (installed_shop(session, f"{name}.myshopify.com") for name in ("a", "b"))
    for shop in (together, alone):
        known_item(session, shop)
        orders.upsert_orders(session, shop.id, known, now=seconds(1), cause="before", is_read=False)

    changed = orders.upsert_orders(
        session, together.id, copies, now=seconds(9), cause="a test", is_read=is_read
    )
    changed_alone: set[int] = set()
    for copy in copies:
        changed_alone |= orders.upsert_orders(
            session, alone.id, [copy], now=seconds(9), cause="a test", is_read=is_read
        )

    assert rows(session, together) == rows(session, alone)
    assert changed == changed_alone
