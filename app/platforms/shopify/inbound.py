"""Goods on their way: Shopify's inbound shipments.

A shipment is an arrival once it has a date (`tracking.arrivesAt`). It does not say where it goes, so
shipments are asked for by destination. A transfer has no date of its own and is no arrival beside its
shipments: it only lends them its names.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from app.core.bounds import is_no_date, is_within_reach
from app.platforms.base import Inbound, InboundLine
from app.platforms.shopify import goods_queries
from app.platforms.shopify.answers import Nodes, PageInfo, Ref, optional, typed
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.ids import gid, gids, number_of
from app.platforms.shopify.payloads import Moment
from app.platforms.shopify.profile import INBOUND_SCOPES
from app.platforms.shopify.reads import batches
from app.platforms.text import printable

SHIPMENTS_SCOPE, TRANSFERS_SCOPE = INBOUND_SCOPES

_ON_ITS_WAY = "(status:draft OR status:in_transit OR status:partially_received)"
_TRANSFERS = "status:ready_to_ship OR status:in_progress"


class _Tracking(msgspec.Struct, frozen=True, rename="camel"):
    arrives_at: Moment | None = None


class _Item(msgspec.Struct, frozen=True):
    id: str
    sku: str | None = None


class _Line(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    quantity: int
    accepted_quantity: int
    unreceived_quantity: int
    inventory_item: _Item | None = None


class _Shipment(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    name: str
    date_received: Moment | None = None
    tracking: _Tracking | None = None
    line_items: Nodes[_Line] | None = None


class _Transfer(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    reference_name: str | None = None
    shipments: Nodes[Ref] = Nodes()


def fetch_inbound(
    client: ShopifyClient,
    location_ids: Sequence[int],
    held: Mapping[int, int],
    *,
    scopes: Sequence[str],
) -> list[Inbound] | None:
    """See `app.platforms.base.Platform.fetch_inbound`."""
    if SHIPMENTS_SCOPE not in scopes:
        return None
    where = dict(held)
    for location_id in location_ids:
        where |= dict.fromkeys(_on_their_way(client, location_id), location_id)
    names = _transfer_names(client) if TRANSFERS_SCOPE in scopes and where else {}
    return [
        _inbound(number, where[number], shipment, names.get(number, ()))
        for number, shipment in _shipments(client, sorted(where))
    ]


def _on_their_way(client: ShopifyClient, location_id: int) -> Iterator[int]:
    query = f"destination_id:{location_id} AND {_ON_ITS_WAY}"
    page = PageInfo(has_next_page=True)
    while page.has_next_page:
        variables = {"query": query, "after": page.end_cursor}
        data = client.execute(goods_queries.SHIPMENTS, variables, cost=goods_queries.SHIPMENTS_COST)
        answer = optional(data["inventoryShipments"], Nodes[Ref]) or Nodes()
        yield from (number_of(one.id) for one in answer.nodes)
        page = answer.page_info


def _transfer_names(client: ShopifyClient) -> dict[int, tuple[str, ...]]:
    """What the transfer of a shipment is called, by shipment."""
    found: dict[int, tuple[str, ...]] = {}
    page = PageInfo(has_next_page=True)
    while page.has_next_page:
        variables = {"query": _TRANSFERS, "after": page.end_cursor}
        data = client.execute(goods_queries.TRANSFERS, variables, cost=goods_queries.TRANSFERS_COST)
        answer = typed(data["inventoryTransfers"], Nodes[_Transfer])
        for transfer in answer.nodes:
            names = (printable(transfer.reference_name), printable(transfer.name))
            found |= {number_of(one.id): names for one in transfer.shipments.nodes}
        page = answer.page_info
    return found


def _shipments(client: ShopifyClient, numbers: Sequence[int]) -> Iterator[tuple[int, _Shipment | None]]:
    """Each with all its lines; None for one that was deleted."""
    for batch in batches(numbers, each=goods_queries.SHIPMENT_COST):
        variables = {"ids": gids("InventoryShipment", batch)}
        cost = len(batch) * goods_queries.SHIPMENT_COST
        data = client.execute(goods_queries.SHIPMENTS_WITH_LINES, variables, cost=cost)
        nodes = typed(data["nodes"], list[_Shipment | None])
        for number, node in zip(batch, nodes, strict=True):
            yield number, _whole(client, number) if node is not None and _may_go_on(node) else node


def _may_go_on(shipment: _Shipment) -> bool:
    return len((shipment.line_items or Nodes()).nodes) >= goods_queries.SHIPMENT_LINES


def _whole(client: ShopifyClient, number: int) -> _Shipment | None:
    """A shipment of many lines, page by page."""
    lines: tuple[_Line, ...] = ()
    shipment, page = None, PageInfo(has_next_page=True)
    while page.has_next_page:
        variables = {"id": gid("InventoryShipment", number), "after": page.end_cursor}
        data = client.execute(
            goods_queries.WHOLE_SHIPMENT, variables, cost=goods_queries.WHOLE_SHIPMENT_COST
        )
        shipment = optional(data["inventoryShipment"], _Shipment)
        if shipment is None:
            return None
        answer = shipment.line_items or Nodes()
        lines, page = lines + answer.nodes, answer.page_info
    return None if shipment is None else msgspec.structs.replace(shipment, line_items=Nodes(lines))


def _inbound(
    number: int, location_id: int, shipment: _Shipment | None, transfer_names: tuple[str, ...]
) -> Inbound:
    if shipment is None:
        return Inbound(number, location_id)
    arrives_at = shipment.tracking.arrives_at if shipment.tracking is not None else None
    return Inbound(
        shipment_id=number,
        location_id=location_id,
        names=tuple(name for name in (*transfer_names, printable(shipment.name)) if name),
        arrives_at=_meant(arrives_at),
        received_at=_meant(shipment.date_received),
        lines=tuple(
            InboundLine(
                line_id=number_of(line.id),
                item_id=number_of(line.inventory_item.id),
                sku=printable(line.inventory_item.sku),
                quantity=line.quantity,
                accepted=line.accepted_quantity,
                unreceived=line.unreceived_quantity,
            )
            for line in (shipment.line_items or Nodes()).nodes
            if line.inventory_item is not None
        ),
    )


def _meant(arrives_at: datetime | None) -> datetime | None:
    """None where the moment only stands for "no date"."""
    if arrives_at is None or not is_within_reach(arrives_at) or is_no_date(arrives_at.date()):
        return None
    return arrives_at.astimezone(UTC)
