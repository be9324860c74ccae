"""A page asks the database the same number of questions however much it shows."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.db import audit
from app.db.models import DeliveryRow, LineItemRow, Shop
from app.pipeline.runtime import Runtime
from tests.builders import ITEM, NOW, seconds
from tests.db.waiting import in_days, placed, sells

FEW, MANY = 5, 120

PAGES = {
    "all shops": "/",
    "overview": "/shops/{shop}",
    "orders": "/shops/{shop}/orders",
    "a search for a number": "/shops/{shop}/orders?q=1",
    "a search for an item": "/shops/{shop}/orders?list=short&q=mug",
    "an order": "/shops/{shop}/orders/1",
    "activity": "/shops/{shop}/activity?kind=shown",
    "activity of an item": "/shops/{shop}/activity?q=mug",
    "failed deliveries": "/shops/{shop}/deliveries",
}


def fill(session: Session, shop: Shop, rows: int) -> None:
    """So many orders, lines of the first of them, events and failed deliveries."""
    for number in range(rows):
        sells(session, shop, item=ITEM + number, title=f"Mug {number}", sku=f"MUG-{number}")
        placed(session, shop, 1 + number, short=1, on=in_days(2), item=ITEM + number)
        audit.record_event(
            session, shop.id, "shown", at=seconds(-number), order_id=1, item_id=ITEM, after="backordered"
        )
        session.add(
            DeliveryRow(
                shop_id=shop.id,
                delivery_id=str(number),
                topic="orders/create",
                body_hash=str(number),
                received_at=NOW,
                facts=[],
                state="failed",
                problem="unreadable",
            )
        )
    session.flush()
    session.add_all(_lines(shop, rows))


def _lines(shop: Shop, rows: int) -> Iterator[LineItemRow]:
    for number in range(1, rows):
        yield LineItemRow(
            shop_id=shop.id,
            order_id=1,
            line_id=1 + number,
            variant_id=21 + number,
            ordered=1,
            outstanding=1,
            backordered=0,
            title="Mug",
            sku="MUG",
        )


@contextmanager
def counted(engine: sa.Engine) -> Iterator[list[str]]:
    """The statements that are run meanwhile."""
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("name", PAGES)
def test_the_queries_of_a_page_do_not_grow_with_what_it_shows(
    runtime: Runtime, client: FlaskClient, install: object, name: str
) -> None:
    counts = []
    for rows, domain in ((FEW, "few.myshopify.com"), (MANY, "many.myshopify.com")):
        shop_id = install(domain)  # type: ignore[operator]
        with runtime.sessions.begin() as session:
            fill(session, session.get_one(Shop, shop_id), rows)
        with counted(runtime.engine) as statements:
            answer = client.get(PAGES[name].format(shop=shop_id))
        assert answer.status_code == 200
        counts.append(len(statements))

    assert counts[0] == counts[1]
    assert 1 < counts[1] <= 20
