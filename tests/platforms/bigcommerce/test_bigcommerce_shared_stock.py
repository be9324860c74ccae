"""Products whose stock is counted as a whole: all their variants sell one item."""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest

from app.platforms.base import (
    ItemStock,
    LocatedLine,
    OrderAsk,
    OrderSeen,
    Platform,
    VariantSeen,
)
from app.sandbox.bigcommerce.records import Variant
from tests.platforms.bigcommerce.towels import Towels

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def sizes(store: Towels) -> tuple[Variant, Variant]:
    """A robe in two sizes of which 3 are in stock, whatever the size."""
    small = store.add("Robe", stock=3, tracking="product", variant_title="S")
    large = store.add("Robe", product_id=small.product_id, variant_title="L")
    return small, large


def test_its_variants_sell_one_item(
    platform: Platform, store: Towels, sizes: tuple[Variant, Variant]
) -> None:
    small, large = sizes

    seen = platform.fetch_variants([large.variant_id, small.variant_id, store.variant_id])

    assert [(one.item_id, one.is_tracked) for one in seen] == [
        (small.variant_id, True),
        (small.variant_id, True),
        (store.variant_id, True),
    ]
    assert seen[0] == VariantSeen(
        large.variant_id, small.variant_id, "Robe", "ROBE", product_id=small.product_id
    )


def test_its_stock_is_read_by_the_product(
    platform: Platform, store: Towels, sizes: tuple[Variant, Variant]
) -> None:
    small, large = sizes
    store.place(2, variant=small)
    store.place(3, variant=large)

    shared, own, none = platform.fetch_stock([small.variant_id, store.item_id, large.variant_id])

    assert [(pool.on_hand, pool.available, pool.backordered) for pool in shared.pools] == [(0, -2, 2)]
    assert [pool.available for pool in own.pools] == [5]
    assert none == ItemStock(large.variant_id, is_tracked=False, pools=())


def by_id(platform: Platform, order_id: int) -> OrderSeen:
    (order,) = platform.fetch_orders([OrderAsk(order_id)], with_items=True)
    assert isinstance(order, OrderSeen)
    return order


def by_news(platform: Platform, order_id: int) -> OrderSeen:
    return platform.fetch_changed_orders(LONG_AGO).orders[-1]


def by_look(platform: Platform, order_id: int) -> OrderSeen:
    return platform.look([OrderAsk(order_id)], []).orders[0].order


def by_import(platform: Platform, order_id: int) -> OrderSeen:
    page = platform.fetch_open_orders(None)
    while not page.orders:
        page = platform.fetch_open_orders(page.cursor)
    return page.orders[-1]


@pytest.mark.parametrize("read", [by_id, by_news, by_look, by_import])
def test_an_order_of_several_variants_waits_for_the_one_item(
    platform: Platform,
    store: Towels,
    sizes: tuple[Variant, Variant],
    read: Callable[[Platform, int], OrderSeen],
) -> None:
    small, large = sizes
    lines = [(small.variant_id, 2), (large.variant_id, 2), (store.variant_id, 1)]
    order_id = store.shop.place_order(lines)

    order = read(platform, order_id)

    assert order.order_id == order_id
    assert order.routing is not None
    assert {msgspec.structs.replace(line, parts=()) for line in order.routing.lines} == {
        LocatedLine(small.variant_id, store.location_id, 4, backordered=1, lowers_stock=True),
        LocatedLine(store.variant_id, store.location_id, 1, lowers_stock=True),
    }
    assert [item.variant_id for item in order.items or ()] == [line[0] for line in lines]


def test_a_product_without_options_is_its_one_variant(platform: Platform, store: Towels) -> None:
    rug = store.add("Rug", stock=2, tracking="product")

    (seen,) = platform.fetch_variants([rug.variant_id])
    (stock,) = platform.fetch_stock([rug.variant_id])

    assert seen.item_id == rug.variant_id
    assert [pool.available for pool in stock.pools] == [2]


def test_what_is_not_counted_is_an_item_that_waits_for_nothing(
    platform: Platform, store: Towels
) -> None:
    """Once it is counted its stock is found under the same number."""
    card = store.add("Card", tracking="none")

    (seen,) = platform.fetch_variants([card.variant_id])

    assert (seen.item_id, seen.is_tracked) == (card.variant_id, False)
    assert platform.fetch_stock([card.variant_id]) == [
        ItemStock(card.variant_id, is_tracked=False, pools=())
    ]


def test_how_a_product_is_tracked_is_asked_once(
    platform: Platform, store: Towels, sizes: tuple[Variant, Variant]
) -> None:
    small, large = sizes
    for _ in range(2):
        platform.fetch_variants([large.variant_id, store.variant_id])
        platform.fetch_stock([small.variant_id, store.item_id])

    asked = [record.operation for record in store.shop.requests]

    assert asked.count("GET /v3/catalog/products") == 1
    assert asked.count("GET /v3/catalog/variants") == 3  # the variants, the first ones, the robe's item
    assert asked.count("GET /v3/inventory/items") == 6  # twice whose variants they are
