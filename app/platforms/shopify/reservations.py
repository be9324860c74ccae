"""What stock is committed to besides orders: draft orders that reserve, and open transfers.

Since 2026-08-05 both count as `committed`. Which of the drafts reserve, and which transfers leave from a
location of the shop, lists tell; only of those the lines are read.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

import msgspec

from app.platforms.base import Reservation, ReservationKind
from app.platforms.shopify import goods_queries
from app.platforms.shopify.answers import Nodes, PageInfo, Ref, typed
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.ids import number_of
from app.platforms.shopify.payloads import Moment
from app.platforms.shopify.profile import RESERVATION_SCOPES
from app.platforms.text import printable

T = TypeVar("T")


class _List(NamedTuple):
    document: str
    cost: int
    field: str
    search: str


_DRAFTS = _List(
    goods_queries.DRAFTS, goods_queries.DRAFTS_COST, "draftOrders", "status:open OR status:invoice_sent"
)
_TRANSFERS = _List(
    goods_queries.OPEN_TRANSFERS,
    goods_queries.OPEN_TRANSFERS_COST,
    "inventoryTransfers",
    "status:ready_to_ship OR status:in_progress",
)


class _Draft(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    name: str
    created_at: Moment
    reserve_inventory_until: Moment | None = None


class _Variant(msgspec.Struct, frozen=True, rename="camel"):
    inventory_item: Ref | None = None


class _DraftLine(msgspec.Struct, frozen=True):
    quantity: int
    variant: _Variant | None = None


class _Place(msgspec.Struct, frozen=True):
    location: Ref | None = None


class _Transfer(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    name: str
    date_created: Moment | None = None
    origin: _Place | None = None


class _TransferLine(msgspec.Struct, frozen=True, rename="camel"):
    total_quantity: int
    shipped_quantity: int
    inventory_item: Ref | None = None


def fetch_reservations(
    client: ShopifyClient, *, scopes: Sequence[str], now: datetime
) -> list[Reservation]:
    """Whatever these scopes let us read; `now` tells which reservations of drafts are over."""
    kinds = {kind for scope, kind in RESERVATION_SCOPES.items() if scope in scopes}
    found: list[Reservation] = []
    if ReservationKind.DRAFT in kinds:
        found += _drafts(client, now)
    if ReservationKind.TRANSFER in kinds:
        found += _transfers(client)
    return found


def _drafts(client: ShopifyClient, now: datetime) -> Iterator[Reservation]:
    for draft in _paged(client, _DRAFTS, _Draft):
        if draft.reserve_inventory_until is None or draft.reserve_inventory_until <= now:
            continue
        for line in _lines(
            client, goods_queries.DRAFT_LINES, draft.id, goods_queries.DRAFT_LINES_COST, _DraftLine
        ):
            if line.variant is not None and line.variant.inventory_item is not None:
                yield Reservation(
                    kind=ReservationKind.DRAFT,
                    source_id=number_of(draft.id),
                    name=printable(draft.name),
                    item_id=number_of(line.variant.inventory_item.id),
                    quantity=line.quantity,
                    placed_at=draft.created_at.astimezone(UTC),
                )


def _transfers(client: ShopifyClient) -> Iterator[Reservation]:
    """A transfer from somewhere else, such as a supplier, commits nothing here."""
    for one in _paged(client, _TRANSFERS, _Transfer):
        if one.origin is None or one.origin.location is None or one.date_created is None:
            continue
        cost = goods_queries.TRANSFER_LINES_COST
        for line in _lines(client, goods_queries.TRANSFER_LINES, one.id, cost, _TransferLine):
            units = line.total_quantity - line.shipped_quantity
            if line.inventory_item is not None and units > 0:
                yield Reservation(
                    kind=ReservationKind.TRANSFER,
                    source_id=number_of(one.id),
                    name=printable(one.name),
                    item_id=number_of(line.inventory_item.id),
                    quantity=units,
                    placed_at=one.date_created.astimezone(UTC),
                    location_id=number_of(one.origin.location.id),
                )


def _paged(client: ShopifyClient, listed: _List, kind: type[T]) -> list[T]:
    found: list[T] = []
    page = PageInfo(has_next_page=True)
    while page.has_next_page:
        ask = {"query": listed.search, "after": page.end_cursor}
        data = client.execute(listed.document, ask, cost=listed.cost)
        answer = typed(data[listed.field], Nodes[kind])  # type: ignore[valid-type]
        found += answer.nodes
        page = answer.page_info
    return found


def _lines(client: ShopifyClient, query: str, gid: str, cost: int, kind: type[T]) -> list[T]:
    """The lines of one that may be gone meanwhile: then it has none."""
    found: list[T] = []
    page = PageInfo(has_next_page=True)
    while page.has_next_page:
        data = client.execute(query, {"id": gid, "after": page.end_cursor}, cost=cost)
        if data["node"] is None:
            return []
        answer = typed(data["node"]["lineItems"], Nodes[kind])  # type: ignore[valid-type]
        found += answer.nodes
        page = answer.page_info
    return found
