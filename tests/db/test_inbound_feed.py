"""What a source tells of arrivals is kept as it was told, on both databases."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.bounds import within_reach
from app.db.inbound_feed import ReportedArrival, upsert_arrivals
from app.db.models import ArrivalRow, Shop, StockItem
from tests.builders import NOW, day

SOURCE: dict[str, Any] = {"source": "csv", "cause": "a test", "now": NOW}


def told(key: str = "po-1\tmug\t41", **said: Any) -> ReportedArrival:
    """One line."""
    line: dict[str, Any] = {"item_id": None, "sku": "MUG", "location_id": 41, "quantity": 40}
    return ReportedArrival(source_key=key, **(line | {"expected_on": day("2026-12-05")} | said))


def kept(session: Session, shop: Shop) -> list[ArrivalRow]:
    """All that is known, in the order in which it came."""
    of_the_shop = sa.select(ArrivalRow).where(ArrivalRow.shop_id == shop.id).order_by(ArrivalRow.id)
    return [*session.scalars(of_the_shop)]


def test_what_is_told_is_kept_to_the_letter(session: Session, shop: Shop) -> None:
    there = timezone(timedelta(hours=9))
    landed = told(
        'po-1\t"mug"\\\t41',
        sku='"Mug" ø\\',
        quantity=2_000_000_000_000,
        received=7,
        received_at=datetime(2026, 11, 20, 3, 4, 5, 678901, tzinfo=there),
        ordered_on=day("2026-10-01"),
        reference="PO 'ü' {1}",
        supplier="Töpferei & Co \N{TEACUP WITHOUT HANDLE}",
    )

    upsert_arrivals(session, shop.id, [landed, told(expected_on=None)], **SOURCE)

    first, second = kept(session, shop)
    assert (first.source_key, first.sku, first.quantity) == (landed.source_key, '"mug" ø\\', 2 * 10**12)
    assert (first.received, first.received_at) == (7, datetime(2026, 11, 19, 18, 4, 5, 678901, UTC))
    assert (first.reference, first.supplier) == (landed.reference, landed.supplier)
    assert (first.ordered_on, first.expected_on) == (date(2026, 10, 1), date(2026, 12, 5))
    assert (second.state, second.ordered_on, second.received_at) == ("undated", None, None)
    assert (second.created_at, second.updated_at, second.item_id) == (NOW, NOW, None)


def test_what_was_received_before_all_that_can_be_counted_is_kept(session: Session, shop: Shop) -> None:
    long_ago = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=9)))

    upsert_arrivals(session, shop.id, [told(received=40, received_at=long_ago)], **SOURCE)

    assert [row.received_at for row in kept(session, shop)] == [within_reach(long_ago)]


def test_what_somebody_else_told_in_the_same_moment_stays(session: Session, shop: Shop) -> None:
    upsert_arrivals(session, shop.id, [told(quantity=40), told(quantity=7)], **SOURCE)

    assert [row.quantity for row in kept(session, shop)] == [40]


def test_items_that_somebody_waits_for_are_looked_at_where_their_deliveries_changed(
    session: Session, shop: Shop
) -> None:
    waits = {1: True, 2: False, 3: True, 4: True}
    session.add_all(
        StockItem(shop_id=shop.id, item_id=item, sku=f"S-{item}", has_queue=has_queue)
        for item, has_queue in waits.items()
    )
    upsert_arrivals(session, shop.id, [told("po-1\ts-3\t41", item_id=3)], **SOURCE)
    session.execute(sa.update(StockItem).values(stock_due_at=None))

    lines = [told(f"po-1\ts-{item}\t41", item_id=item) for item in (1, 2, 3)]
    moved = told("po-1\ts-3\t41", item_id=4, sku="S-4")
    upsert_arrivals(session, shop.id, lines, **SOURCE)
    looked_at = asked_about(session, shop)
    upsert_arrivals(session, shop.id, [moved], **SOURCE)

    assert (looked_at, asked_about(session, shop)) == ({1}, {1, 3, 4})


def asked_about(session: Session, shop: Shop) -> set[int]:
    """The items whose stock is to be read."""
    where = (StockItem.shop_id == shop.id, StockItem.stock_due_at.is_not(None))
    return {*session.scalars(sa.select(StockItem.item_id).where(*where))}
