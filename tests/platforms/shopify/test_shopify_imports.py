"""The import of open orders: complete, in steps, across a restart."""

import json
from typing import Any

import pytest
import responses

from app.errors import TryLater
from app.platforms.base import ImportPage
from app.platforms.shopify import imports, queries
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.imports import fetch_open_orders
from tests.platforms.shopify.shapes import line, nodes, order
from tests.platforms.shopify.wire import Wire

FILE_URL = "https://files.example/bulk.jsonl?Signature=abc"


def count(wire: Wire, orders: int) -> None:
    wire.answers["CountOrders"] = lambda variables: {"ordersCount": {"count": orders}}


def bulk(wire: Wire, status: str, *, url: str | None = FILE_URL) -> None:
    state = {"status": status, "errorCode": None, "url": url}
    wire.answers["BulkState"] = lambda variables: {"bulkOperation": state}


def jsonl(orders: int) -> bytes:
    """Orders of one mug each, as a grouped bulk file."""
    rows: list[Any] = []
    for number in range(1, orders + 1):
        rows += [order(number), line(number) | {"__parentId": order(number)["id"]}]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def all_steps(client: ShopifyClient, page: ImportPage) -> list[ImportPage]:
    pages = [page]
    while pages[-1].cursor is not None:
        pages.append(fetch_open_orders(client, pages[-1].cursor))
    return pages


def ids_of(pages: list[ImportPage]) -> list[int]:
    return [one.order_id for page in pages for one in page.orders]


def test_some_orders_are_walked_by_pages(client: ShopifyClient, wire: Wire) -> None:
    pages = {
        None: nodes(order(1, lineItems=nodes(line())), more="a:b"),
        "a:b": nodes(order(2, lineItems=nodes())),
    }
    count(wire, 2)
    wire.answers["OpenOrders"] = lambda variables: {"orders": pages[variables["after"]]}

    found = all_steps(client, fetch_open_orders(client, None))

    assert ids_of(found) == [1, 2]
    assert [len(page.orders[0].items or ()) for page in found] == [1, 0]
    assert [page.total for page in found] == [2, 2]
    assert wire.asked[1].variables["query"] == queries.OPEN


def test_an_order_with_many_items_is_read_to_the_last(client: ShopifyClient, wire: Wire) -> None:
    lines = [line(number) for number in range(1, 13)]
    count(wire, 1)
    wire.answers["OpenOrders"] = lambda variables: {
        "orders": nodes(order(1, lineItems=nodes(*lines[: variables["items"]])))
    }
    wire.answers["Orders"] = lambda variables: {
        "nodes": [order(1, lineItems=nodes(*lines), fulfillmentOrders=nodes())]
    }

    page = fetch_open_orders(client, None)

    assert len(page.orders[0].items or ()) == 12


def test_many_orders_are_prepared_in_bulk(client: ShopifyClient, wire: Wire) -> None:
    operation = {"bulkOperation": {"id": "gid://shopify/BulkOperation/77"}, "userErrors": []}
    count(wire, 1001)
    wire.answers["BulkStart"] = lambda variables: {"bulkOperationRunQuery": operation}
    bulk(wire, "RUNNING", url=None)

    first = fetch_open_orders(client, None)
    second = fetch_open_orders(client, first.cursor)

    assert (first.orders, first.total) == ((), 1001)
    assert first.retry_after_s > 0
    assert second == first


def test_a_bulk_file_is_read_in_steps_across_a_restart(
    client: ShopifyClient, wire: Wire, mocked: responses.RequestsMock
) -> None:
    body = jsonl(600)
    bulk(wire, "COMPLETED")
    mocked.get(FILE_URL, body=body)

    found = all_steps(client, fetch_open_orders(client, "bulk:600:77:0"))

    assert ids_of(found) == list(range(1, 601))
    assert [len(page.orders) for page in found] == [250, 250, 100]
    assert all(len(one.items or ()) == 1 for page in found for one in page.orders)
    assert all(one.routing is None for page in found for one in page.orders)


def test_the_address_of_the_file_is_in_no_cursor(
    client: ShopifyClient, wire: Wire, mocked: responses.RequestsMock
) -> None:
    bulk(wire, "COMPLETED")
    mocked.get(FILE_URL, body=jsonl(251))

    assert "Signature" not in (fetch_open_orders(client, "bulk:251:77:0").cursor or "")


def test_a_bulk_without_results_is_finished(client: ShopifyClient, wire: Wire) -> None:
    bulk(wire, "COMPLETED", url=None)

    assert fetch_open_orders(client, "bulk:1001:77:0") == ImportPage((), None, 1001)


@pytest.mark.parametrize("status", ["FAILED", "CANCELED", "EXPIRED"])
def test_a_failed_bulk_is_replaced_by_pages(client: ShopifyClient, wire: Wire, status: str) -> None:
    bulk(wire, status)
    wire.answers["OpenOrders"] = lambda variables: {"orders": nodes(order(1, lineItems=nodes()))}

    page = fetch_open_orders(client, "bulk:1001:77:0")

    assert ids_of([page]) == [1]


def test_a_bulk_that_can_not_be_started_is_replaced_by_pages(client: ShopifyClient, wire: Wire) -> None:
    refusal = {"bulkOperation": None, "userErrors": [{"field": None, "message": "too many"}]}
    count(wire, 1001)
    wire.answers["BulkStart"] = lambda variables: {"bulkOperationRunQuery": refusal}
    wire.answers["OpenOrders"] = lambda variables: {"orders": nodes(order(1, lineItems=nodes()))}

    assert ids_of([fetch_open_orders(client, None)]) == [1]


def test_a_broken_bulk_file_is_tried_later(
    client: ShopifyClient, wire: Wire, mocked: responses.RequestsMock
) -> None:
    bulk(wire, "COMPLETED")
    mocked.get(FILE_URL, body=jsonl(2)[:-30])

    with pytest.raises(TryLater):
        fetch_open_orders(client, "bulk:2:77:0")


def test_a_page_of_open_orders_costs_what_is_allowed() -> None:
    assert queries.OPEN_FIRST <= 250
    assert imports.BULK_STEP_ORDERS <= 250
    assert queries.OPEN_COST <= 900
