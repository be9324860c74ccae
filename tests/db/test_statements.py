"""Insert or ignore, insert or overwrite, on both databases."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import LineRow, Shop, StockItem, Variant
from app.db.statements import insert_new, is_one_of, upsert
from tests.builders import order_seen
from tests.db.stock import see


def variants(shop: Shop, *ids: int, item: int | None = None) -> list[dict[str, object]]:
    """Rows of the table of variants."""
    return [
        {"shop_id": shop.id, "variant_id": number, "item_id": item, "is_resolved": False}
        for number in ids
    ]


def test_rows_that_are_there_already_stay_as_they_are(session: Session, shop: Shop) -> None:
    insert_new(session, Variant, variants(shop, 1, item=7))

    added = insert_new(session, Variant, variants(shop, 1, 2, item=8))

    assert added == 1
    assert session.get_one(Variant, (shop.id, 1)).item_id == 7


def test_the_same_row_twice_in_one_call_goes_in_once(session: Session, shop: Shop) -> None:
    assert insert_new(session, Variant, variants(shop, 1, 1)) == 1


def test_more_rows_than_one_statement_takes(session: Session, shop: Shop) -> None:
    rows = variants(shop, *range(1201))

    assert insert_new(session, Variant, rows) == 1201
    upsert(session, Variant, [{**row, "item_id": 5} for row in rows])

    counted = sa.select(sa.func.count()).where(Variant.shop_id == shop.id, Variant.item_id == 5)
    assert session.scalar(counted) == 1201


def test_an_upsert_overwrites_the_columns_it_names_and_no_others(session: Session, shop: Shop) -> None:
    insert_new(session, Variant, variants(shop, 1, item=7))

    upsert(session, Variant, [{"shop_id": shop.id, "variant_id": 1, "is_resolved": True}])

    row = session.get_one(Variant, (shop.id, 1))
    assert (row.item_id, row.is_resolved) == (7, True)


def test_no_rows_are_no_statement(session: Session, shop: Shop) -> None:
    assert insert_new(session, Variant, []) == 0
    upsert(session, Variant, [])


def test_an_upsert_of_a_line_replaces_its_quantity(session: Session, shop: Shop) -> None:
    see(session, shop, order_seen())
    key = {"shop_id": shop.id, "order_id": 1, "item_id": 2, "location_id": 3}

    for quantity in (4, 5):
        upsert(session, LineRow, [{**key, "quantity": quantity}])

    assert session.scalars(sa.select(LineRow.quantity).where(LineRow.shop_id == shop.id)).all() == [5]


def test_many_ids_are_one_value_on_both_databases(session: Session, shop: Shop) -> None:
    insert_new(session, Variant, variants(shop, *range(2000)))

    named = sa.select(Variant.variant_id).where(
        Variant.shop_id == shop.id, is_one_of(Variant.variant_id, [*range(1500), 9999])
    )
    none = sa.select(Variant.variant_id).where(is_one_of(Variant.variant_id, ()))

    assert set(session.scalars(named)) == set(range(1500))
    assert session.scalars(none).all() == []


def test_many_texts_are_one_value_on_both_databases(session: Session, shop: Shop) -> None:
    told = ["a\tb", 'say "x"', "it's {1,2}", "NULL", "ø\\", ""]
    rows = [
        {"shop_id": shop.id, "item_id": number, "sku": sku} for number, sku in enumerate((*told, "no"))
    ]
    insert_new(session, StockItem, rows)

    named = sa.select(StockItem.sku).where(StockItem.shop_id == shop.id, is_one_of(StockItem.sku, told))

    assert set(session.scalars(named)) == set(told)


def test_a_statement_for_many_ids_is_the_same_for_any_number_of_them() -> None:
    few, many = (sa.select(Variant).where(is_one_of(Variant.variant_id, ids)) for ids in ([1], [1, 2]))

    assert few._generate_cache_key() == many._generate_cache_key()
