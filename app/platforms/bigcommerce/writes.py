"""What is written on a store's orders: the staff's note, then our metafields.

The note comes first, as soon as it can after it was read: what staff write in between is lost, for
BigCommerce has no condition on a write. `products`, `fees` and `customer_message` are never sent:
sending products clears discounts, and the message is the buyer's.
"""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from app.platforms.base import OrderChange, WriteResult
from app.platforms.bigcommerce.answers import read
from app.platforms.bigcommerce.client import Answer, BigCommerceClient, Params, words_of

NAMESPACE = "backorder"
# How many metafields one request may hold is not documented, so it is few.
_METAFIELDS_AT_ONCE = 10
_ORDERS_AT_ONCE = 8

_PARTLY = HTTPStatus.UNPROCESSABLE_ENTITY
_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, _PARTLY)

Field = tuple[int, str]
"""An order and a key of ours."""


class _Metafield(msgspec.Struct):
    id: int
    key: str


class _Metafields(msgspec.Struct):
    data: list[_Metafield] = []


class _Made(msgspec.Struct):
    resource_id: int
    key: str


def write(client: BigCommerceClient, changes: Sequence[OrderChange]) -> Iterator[list[WriteResult]]:
    """Write changes, a few orders at a time; yields their results when all of each is written."""
    for start in range(0, len(changes), _ORDERS_AT_ONCE):
        some = changes[start : start + _ORDERS_AT_ONCE]
        refused = {change.order_id: _write_order(client, change) for change in some}
        rest = [change for change in some if refused[change.order_id] is None]
        refused |= _write_metafields(client, rest)
        yield [WriteResult(change.order_id, refused[change.order_id]) for change in some]


def _write_order(client: BigCommerceClient, change: OrderChange) -> str | None:
    """PUT the note, and the status where it is asked for, and nothing else. Returns the refusal."""
    body: dict[str, Any] = {}
    if change.note is not None:
        body["staff_notes"] = change.note
    if change.status_id is not None:
        body["status_id"] = change.status_id
    if not body:
        return None
    path = f"/v2/orders/{change.order_id}"
    answer = client.request("PUT", path, json=body, expected=_REFUSED)
    return _refusal(answer)


def _refusal(answer: Answer) -> str | None:
    return f"{answer.status}, {words_of(answer.body)}" if answer.status in _REFUSED else None


def _write_metafields(client: BigCommerceClient, changes: Sequence[OrderChange]) -> dict[int, str]:
    """Create what is new; what stood there before is updated. Returns the refusals by order."""
    values = {
        (change.order_id, key): str(value)
        for change in changes
        for key, value in change.metafields.items()
    }
    gone = {(change.order_id, key) for change in changes for key in change.remove_metafields}
    standing = values.keys() - _create(client, values)
    orders = sorted({order_id for order_id, _ in standing | gone})
    refused: dict[int, str] = {}
    ids: dict[Field, int] = {}
    for order_id in orders:
        found = _find(client, order_id)
        if found is None:
            refused[order_id] = "the order does not exist any more"
        else:
            ids |= found
    standing_ids = {ids[field]: field for field in standing if field in ids}
    refused |= _update(client, standing_ids, values)
    _delete(client, [ids[field] for field in gone if field in ids])
    for order_id, key in sorted(standing - ids.keys()):
        refused.setdefault(order_id, f"the metafield {key} could not be created")
    return refused


def _create(client: BigCommerceClient, values: Mapping[Field, str]) -> set[Field]:
    """Create metafields; returns those that were. One that exists already is refused, and only that
    one: https://developer.bigcommerce.com/docs/rest-management/orders/metafields."""
    made: set[Field] = set()
    for some in _batches(sorted(values)):
        body = [{"resource_id": order_id, **_body(key, values[order_id, key])} for order_id, key in some]
        answer = client.request(
            "POST", "/v3/orders/metafields", json=body, expected=[HTTPStatus.CONFLICT, _PARTLY]
        )
        made |= _done(answer)
    return made


def _done(answer: Answer) -> set[Field]:
    """What a batch did of what it was asked; those it refused are missing."""
    data = answer.body.get("data") if isinstance(answer.body, dict) else None
    return {(one.resource_id, one.key) for one in read(data or [], list[_Made])}


def _update(
    client: BigCommerceClient, fields: Mapping[int, Field], values: Mapping[Field, str]
) -> dict[int, str]:
    """Update metafields by id; returns the refusals by order: one may be deleted since it was found."""
    refused: dict[int, str] = {}
    for some in _batches(sorted(fields)):
        body = [{"id": number, **_body(fields[number][1], values[fields[number]])} for number in some]
        answer = client.request("PUT", "/v3/orders/metafields", json=body, expected=_REFUSED)
        for order_id, key in sorted({fields[number] for number in some} - _done(answer)):
            refused.setdefault(order_id, f"the metafield {key} could not be updated")
    return refused


def _delete(client: BigCommerceClient, numbers: Sequence[int]) -> None:
    """One that somebody else deleted meanwhile is gone as well."""
    for some in _batches(sorted(numbers)):
        client.request(
            "DELETE",
            "/v3/orders/metafields",
            json=some,
            expected=[HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, _PARTLY],
        )


def _find(client: BigCommerceClient, order_id: int) -> dict[Field, int] | None:
    """Our metafields of one order with their ids; None if there is no such order."""
    path = f"/v3/orders/{order_id}/metafields"
    params: Params = {"namespace": NAMESPACE, "limit": 50}
    answer = client.request("GET", path, params=params, expected=[HTTPStatus.NOT_FOUND])
    if answer.status == HTTPStatus.NOT_FOUND:
        return None
    return {(order_id, one.key): one.id for one in read(answer.body, _Metafields).data}


def _body(key: str, value: str) -> dict[str, str]:
    """The storefront may read it: the theme shows the date on the order's page."""
    return {
        "permission_set": "read_and_sf_access",
        "namespace": NAMESPACE,
        "key": key,
        "value": value,
    }


def _batches(things: Sequence[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(things), _METAFIELDS_AT_ONCE):
        yield list(things[start : start + _METAFIELDS_AT_ONCE])
