"""Writes: only what changed, many orders in a request, each order's refusal its own."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from app.errors import NeedsMerchant, TryLater
from app.platforms.base import OrderChange, WriteResult
from app.platforms.http import PlatformRefused
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.platform import ShopifyPlatform
from tests.platforms.shopify.wire import Wire

DONE = {"userErrors": []}
FULL = {
    "add_tags": ("backordered",),
    "remove_tags": ("backorder-released",),
    "note": "note",
    "remove_metafields": ("eta",),
}


@pytest.fixture
def platform(client: ShopifyClient) -> ShopifyPlatform:
    return ShopifyPlatform(client)


def aliases_of(document: str) -> list[str]:
    (operation,) = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    return [field.alias.value for field in operation.selection_set.selections]  # type: ignore[attr-defined]


def answering(wire: Wire, **refusals: Any) -> Callable[[dict[str, Any]], Any]:
    def answer(variables: dict[str, Any]) -> Any:
        return {alias: refusals.get(alias, DONE) for alias in aliases_of(wire.asked[-1].document)}

    return answer


def written(platform: ShopifyPlatform, *changes: OrderChange) -> list[list[WriteResult]]:
    return list(platform.write(changes))


def test_only_what_changes_is_sent(platform: ShopifyPlatform, wire: Wire) -> None:
    wire.answers["mutation"] = answering(wire)

    results = written(platform, OrderChange(1, add_tags=("backordered",)))

    assert results == [[WriteResult(1)]]
    assert wire.asked[0].variables == {"t0_id": "gid://shopify/Order/1", "t0_tags": ["backordered"]}
    assert aliases_of(wire.asked[0].document) == ["t0"]


def test_note_and_metafields_travel_in_one_update(platform: ShopifyPlatform, wire: Wire) -> None:
    wire.answers["mutation"] = answering(wire)
    metafields = {"status": "backordered", "eta": date(2026, 12, 5), "lines": "[]"}

    written(platform, OrderChange(1, note='Say "hi"', metafields=metafields))

    namespace = {"namespace": "$app:backorder"}
    assert wire.asked[0].variables == {
        "n0_input": {
            "id": "gid://shopify/Order/1",
            "note": 'Say "hi"',
            "metafields": [
                {**namespace, "key": "status", "type": "single_line_text_field", "value": "backordered"},
                {**namespace, "key": "eta", "type": "date", "value": "2026-12-05"},
                {**namespace, "key": "lines", "type": "json", "value": "[]"},
            ],
        }
    }


def test_an_update_of_metafields_leaves_the_note(platform: ShopifyPlatform, wire: Wire) -> None:
    wire.answers["mutation"] = answering(wire)

    written(platform, OrderChange(1, metafields={"status": "released"}))

    assert "note" not in wire.asked[0].variables["n0_input"]


def test_a_note_can_be_emptied(platform: ShopifyPlatform, wire: Wire) -> None:
    wire.answers["mutation"] = answering(wire)

    written(platform, OrderChange(1, note=""))

    assert wire.asked[0].variables["n0_input"] == {"id": "gid://shopify/Order/1", "note": ""}


def test_metafields_are_removed_by_their_keys(platform: ShopifyPlatform, wire: Wire) -> None:
    wire.answers["mutation"] = answering(wire)

    written(platform, OrderChange(1, remove_metafields=("eta",)))

    assert wire.asked[0].variables == {
        "d0_metafields": [
            {"ownerId": "gid://shopify/Order/1", "namespace": "$app:backorder", "key": "eta"}
        ]
    }


def test_values_are_never_part_of_the_document(platform: ShopifyPlatform, wire: Wire) -> None:
    wire.answers["mutation"] = answering(wire)

    written(platform, OrderChange(1, add_tags=('") { evil }',), note='") { evil }'))

    assert "evil" not in wire.asked[0].document


def test_a_change_of_nothing_sends_nothing(platform: ShopifyPlatform, wire: Wire) -> None:
    assert written(platform, OrderChange(1)) == [[WriteResult(1)]]
    assert wire.asked == []


def test_a_refusal_stays_with_its_order(platform: ShopifyPlatform, wire: Wire) -> None:
    refusal = {"userErrors": [{"field": ["input", "note"], "message": "Note is too long"}]}
    wire.answers["mutation"] = answering(wire, n1=refusal)

    ((first, second, third),) = written(platform, *(OrderChange(n, note="x") for n in (1, 2, 3)))

    assert (first.error, third.error) == (None, None)
    assert second.error == "orderUpdate: Note is too long (input.note)"


def test_an_order_that_no_longer_exists_leaves_the_others_alone(
    platform: ShopifyPlatform, wire: Wire
) -> None:
    error = {"message": "invalid id", "path": ["t0"], "extensions": {"code": "RESOURCE_NOT_FOUND"}}
    wire.answers["mutation"] = lambda variables: {"data": {"t0": None, "t1": DONE}, "errors": [error]}

    ((first, second),) = written(platform, *(OrderChange(n, add_tags=("x",)) for n in (1, 2)))

    assert first.error == "tagsAdd: invalid id"
    assert second.error is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [("THROTTLED", TryLater), ("INTERNAL_SERVER_ERROR", TryLater), ("ACCESS_DENIED", NeedsMerchant)],
)
def test_what_concerns_the_whole_request_is_raised(
    platform: ShopifyPlatform, wire: Wire, code: str, kind: type[Exception]
) -> None:
    wire.answers["mutation"] = lambda variables: {
        "errors": [{"message": "No", "extensions": {"code": code}}]
    }

    with pytest.raises(kind):
        written(platform, OrderChange(1, note="x"))


def test_a_wrong_document_is_a_defect_of_ours(platform: ShopifyPlatform, wire: Wire) -> None:
    wire.answers["mutation"] = lambda variables: {"errors": [{"message": "Field 'x' doesn't exist"}]}

    with pytest.raises(PlatformRefused):
        written(platform, OrderChange(1, note="x"))


def test_a_batch_holds_at_most_25_orders_and_900_points(platform: ShopifyPlatform, wire: Wire) -> None:
    wire.answers["mutation"] = answering(wire)

    small = written(platform, *(OrderChange(n, note="x") for n in range(1, 61)))
    full = written(platform, *(OrderChange(n, **FULL) for n in range(1, 61)))  # type: ignore[arg-type]

    assert [len(batch) for batch in small] == [25, 25, 10]
    assert [len(batch) for batch in full] == [22, 22, 16]


def test_results_can_be_recorded_before_the_next_request(platform: ShopifyPlatform, wire: Wire) -> None:
    wire.answers["mutation"] = answering(wire)

    batches = platform.write([OrderChange(n, note="x") for n in range(1, 61)])

    next(batches)
    assert len(wire.asked) == 1
