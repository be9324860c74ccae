"""Tags written in the background: files of lines, operations, and what came of each line."""

import json
from typing import Any

import pytest
import responses

from app.errors import TryLater
from app.platforms.base import BulkPart, BulkState, Glance, ItemStock, OrderChange, Pool
from app.platforms.shopify.bulk import ShopifyBulk
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.glances import glance, glance_at
from tests.platforms.shopify.shapes import order
from tests.platforms.shopify.wire import Wire

UPLOADS = "https://uploads.example/bucket"
RESULT = "https://files.example/result.jsonl?Signature=abc"
RELEASE = [
    OrderChange(1, ("backorder-released",), ("backordered",), note="not in bulk"),
    OrderChange(2, ("backorder-released",)),
]
SUMS = {"edited": False, "displayFulfillmentStatus": "UNFULFILLED"}


@pytest.fixture
def bulk(client: ShopifyClient) -> ShopifyBulk:
    return ShopifyBulk(client)


@pytest.fixture
def uploads(mocked: responses.RequestsMock, wire: Wire) -> list[bytes]:
    """Bodies of the forms that were posted; each target has its number in its key."""
    posted: list[bytes] = []

    def take(request: Any) -> tuple[int, dict[str, str], str]:
        posted.append(request.body)
        return 201, {}, ""

    mocked.add_callback(responses.POST, UPLOADS, callback=take)
    wire.answers["StageUploads"] = lambda variables: {
        "stagedUploadsCreate": {
            "stagedTargets": [
                {"url": UPLOADS, "parameters": [{"name": "key", "value": f"tmp/{number}"}]}
                for number, _ in enumerate(variables["input"])
            ],
            "userErrors": [],
        }
    }
    return posted


def begun(number: int | None, *messages: str) -> dict[str, Any]:
    operation = None if number is None else {"id": f"gid://shopify/BulkOperation/{number}"}
    errors = [{"field": None, "message": message} for message in messages]
    return {"bulkOperationRunMutation": {"bulkOperation": operation, "userErrors": errors}}


def result(mocked: responses.RequestsMock, wire: Wire, *lines: Any) -> None:
    """The file that an operation left, line by line."""
    state = {"status": "COMPLETED", "errorCode": None, "url": RESULT}
    wire.answers["BulkState"] = lambda variables: {"bulkOperation": state}
    mocked.get(RESULT, body=b"".join(json.dumps(line).encode() + b"\n" for line in lines))


def test_tags_to_take_off_and_to_add_are_an_operation_each(
    bulk: ShopifyBulk, wire: Wire, uploads: list[bytes]
) -> None:
    wire.answers["BulkWrite"] = lambda variables: begun(7 + int(variables["path"][-1]))

    parts = list(bulk.begin(RELEASE))

    runs = [asked.variables for asked in wire.asked if asked.name == "BulkWrite"]
    assert parts == [BulkPart(7, (1,)), BulkPart(8, (1, 2))]
    assert [one["mutation"].split("{")[1].split("(")[0].strip() for one in runs] == [
        "tagsRemove",
        "tagsAdd",
    ]
    assert b'{"id":"gid://shopify/Order/1","tags":["backordered"]}\n' in uploads[0]
    assert uploads[1].count(b"backorder-released") == 2
    assert b"not in bulk" not in b"".join(uploads)


def test_the_file_is_the_last_part_of_the_form(
    bulk: ShopifyBulk, wire: Wire, uploads: list[bytes]
) -> None:
    """Storage servers ignore what comes after the file."""
    wire.answers["BulkWrite"] = lambda variables: begun(7)

    list(bulk.begin(RELEASE[1:]))

    assert uploads[0].index(b'name="key"') < uploads[0].index(b'name="file"')


def test_an_operation_is_told_before_the_next_is_begun(
    bulk: ShopifyBulk, wire: Wire, uploads: list[bytes]
) -> None:
    wire.answers["BulkWrite"] = lambda variables: begun(7)

    next(iter(bulk.begin(RELEASE)))

    assert wire.names().count("BulkWrite") == 1


def test_a_refused_operation_says_why(bulk: ShopifyBulk, wire: Wire, uploads: list[bytes]) -> None:
    wire.answers["BulkWrite"] = lambda variables: begun(None, "Limit reached")

    assert list(bulk.begin(RELEASE[1:])) == [BulkPart(None, (2,), "Limit reached")]


def test_no_target_is_tried_later(bulk: ShopifyBulk, wire: Wire) -> None:
    refused = {"stagedTargets": [], "userErrors": [{"field": None, "message": "no"}]}
    wire.answers["StageUploads"] = lambda variables: {"stagedUploadsCreate": refused}

    with pytest.raises(TryLater):
        list(bulk.begin(RELEASE))


def test_each_line_is_done_or_refused_with_the_reason(
    bulk: ShopifyBulk, wire: Wire, mocked: responses.RequestsMock
) -> None:
    refusal = {"field": ["id"], "message": "Order does not exist"}
    result(
        mocked,
        wire,
        {"data": {"tagsAdd": {"userErrors": []}}, "__lineNumber": 0},
        {"data": {"tagsAdd": {"userErrors": [refusal]}}, "__lineNumber": 2},
        {"data": {"tagsAdd": None}, "errors": [{"message": "Internal error"}], "__lineNumber": 1},
        {"data": None, "__lineNumber": 3},
    )

    assert bulk.results(7) == {
        0: None,
        2: "Order does not exist (id)",
        1: "Internal error",
        3: "Shopify did not answer this line",
    }


def test_a_file_that_can_not_be_read_is_tried_later(
    bulk: ShopifyBulk, wire: Wire, mocked: responses.RequestsMock
) -> None:
    result(mocked, wire, "no object")

    with pytest.raises(TryLater):
        bulk.results(7)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("CREATED", BulkState(is_over=False, is_done=False)),
        ("RUNNING", BulkState(is_over=False, is_done=False)),
        ("CANCELING", BulkState(is_over=False, is_done=False)),
        ("COMPLETED", BulkState(is_over=True, is_done=True)),
        ("FAILED", BulkState(is_over=True, is_done=False)),
        ("CANCELED", BulkState(is_over=True, is_done=False)),
        ("EXPIRED", BulkState(is_over=True, is_done=False)),
        (None, BulkState(is_over=True, is_done=False)),
    ],
)
def test_an_operation_is_over_in_every_state_but_those_under_way(
    bulk: ShopifyBulk, wire: Wire, status: str | None, state: BulkState
) -> None:
    known = None if status is None else {"status": status, "errorCode": None, "url": None}
    wire.answers["BulkState"] = lambda variables: {"bulkOperation": known}

    assert bulk.state(7) == state


def test_a_glance_tells_marks_and_units_of_untouched_orders(client: ShopifyClient, wire: Wire) -> None:
    shown = {"note": "Call first", "tags": ["vip"], "currentSubtotalLineItemsQuantity": 3, **SUMS}
    held = {**shown, "displayFulfillmentStatus": "ON_HOLD"}
    nodes = [order(1) | shown, None, order(3) | held]
    wire.answers["Glance"] = lambda variables: {"orders": nodes, "stock": []}

    seen = glance(client, [1, 2, 3], []).orders

    assert [one.now.order.order_id for one in seen] == [1, 3]
    assert [one.untouched_units for one in seen] == [3, None]
    assert (seen[0].now.note, seen[0].now.tags) == ("Call first", ("vip",))


def test_a_glance_at_many_orders_is_several_requests(client: ShopifyClient, wire: Wire) -> None:
    wire.answers["Glance"] = lambda variables: {"orders": [None] * len(variables["ids"]), "stock": []}

    assert glance(client, range(1, 502), []) == Glance()
    assert [len(asked.variables["ids"]) for asked in wire.asked] == [250, 250, 1]


def test_a_glance_at_a_location_leaves_out_what_is_not_there(client: ShopifyClient, wire: Wire) -> None:
    whole = [("on_hand", 5), ("available", 2), ("committed", 3)]
    torn = [("on_hand", 5), ("available", 2), ("committed", 9)]
    wire.answers["GlanceAt"] = lambda variables: {
        "orders": [None],
        "stock": [there(1, whole), there(2, torn), there(3, None), None],
    }

    seen = glance_at(client, [1], [1, 2, 3, 4], location_id=7)

    pool = Pool(location_id=7, location_name="", on_hand=5, available=2, committed=3)
    assert seen == Glance(stock=(ItemStock(1, is_tracked=True, pools=(pool,)),))


def there(item_id: int, quantities: list[tuple[str, int]] | None) -> dict[str, object]:
    """An inventory item with its level at the location that was asked for."""
    level = None
    if quantities is not None:
        level = {"quantities": [{"name": name, "quantity": units} for name, units in quantities]}
    return {"id": f"gid://shopify/InventoryItem/{item_id}", "tracked": True, "sku": None, "level": level}
