"""Writing tags, note and metafields, several orders in one request."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from app.platforms.base import OrderChange, WriteResult
from app.platforms.shopify import aliases
from app.platforms.shopify.aliases import Mutation, Part
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.ids import gid
from app.platforms.shopify.queries import MOST_POINTS, MUTATION_COST

MOST_ORDERS = 25
NAMESPACE = "$app:backorder"
METAFIELD_TYPES = {"status": "single_line_text_field", "eta": "date", "lines": "json"}

ADD_TAGS = Mutation("tagsAdd", {"id": "ID!", "tags": "[String!]!"})
REMOVE_TAGS = Mutation("tagsRemove", {"id": "ID!", "tags": "[String!]!"})
UPDATE = Mutation("orderUpdate", {"input": "OrderInput!"})
DELETE_METAFIELDS = Mutation("metafieldsDelete", {"metafields": "[MetafieldIdentifierInput!]!"})


def write(client: ShopifyClient, changes: Sequence[OrderChange]) -> Iterator[list[WriteResult]]:
    """Send the changes; yields the results of each request before the next one is sent.

    An order that Shopify refuses gets its refusal as `error` and leaves the others alone.
    """
    for batch in _batches(changes):
        parts = [parts_of(change, index) for index, change in enumerate(batch)]
        flat = [part for own in parts for part in own]
        refusals = aliases.send(client, flat) if flat else {}
        yield [
            WriteResult(change.order_id, error=_error(own, refusals))
            for change, own in zip(batch, parts, strict=True)
        ]


def _error(parts: Sequence[Part], refusals: Mapping[str, str]) -> str | None:
    refused = [part for part in parts if part.alias in refusals]
    return "; ".join(f"{part.mutation.field}: {refusals[part.alias]}" for part in refused) or None


def _batches(changes: Sequence[OrderChange]) -> Iterator[list[OrderChange]]:
    batch: list[OrderChange] = []
    points = 0
    for change in changes:
        own = len(parts_of(change, 0)) * MUTATION_COST
        if batch and (len(batch) == MOST_ORDERS or points + own > MOST_POINTS):
            yield batch
            batch, points = [], 0
        batch.append(change)
        points += own
    if batch:
        yield batch


def parts_of(change: OrderChange, index: int) -> list[Part]:
    """The mutations that a change needs, and no others."""
    order = gid("Order", change.order_id)
    tags_out = {"id": order, "tags": list(change.remove_tags)}
    wanted = [
        (change.remove_tags, Part(f"u{index}", REMOVE_TAGS, tags_out)),
        (change.add_tags, Part(f"t{index}", ADD_TAGS, {"id": order, "tags": list(change.add_tags)})),
        (
            change.note is not None or change.metafields,
            Part(f"n{index}", UPDATE, {"input": _order_input(order, change)}),
        ),
        (
            change.remove_metafields,
            Part(f"d{index}", DELETE_METAFIELDS, {"metafields": _identifiers(order, change)}),
        ),
    ]
    return [part for is_needed, part in wanted if is_needed]


def _order_input(order: str, change: OrderChange) -> dict[str, Any]:
    note = {} if change.note is None else {"note": change.note}
    metafields = [_metafield(key, value) for key, value in change.metafields.items()]
    return {"id": order, **note, **({"metafields": metafields} if metafields else {})}


def _metafield(key: str, value: str | date) -> dict[str, str]:
    text = value.isoformat() if isinstance(value, date) else value
    return {"namespace": NAMESPACE, "key": key, "type": METAFIELD_TYPES[key], "value": text}


def _identifiers(order: str, change: OrderChange) -> list[dict[str, str]]:
    return [{"ownerId": order, "namespace": NAMESPACE, "key": key} for key in change.remove_metafields]
