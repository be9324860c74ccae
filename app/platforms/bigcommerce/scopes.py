"""The webhook scopes, and what each one's `data` tells us.

Events: developer.bigcommerce.com/docs/integrations/webhooks/events. Ids come as numbers or strings.
Quantities (`method`, `value`) are never read: the documentation contradicts itself about their meaning.
"""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec

from app.platforms.base import (
    Fact,
    LocationGone,
    OrderTouched,
    ProductStockMoved,
    ShopGone,
    StockMoved,
)

Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
Facts = tuple[Fact, ...]
T = TypeVar("T")

_CHANNEL = re.compile(r"^store/channel/(?:\d+|\*)/")


class _Order(msgspec.Struct):
    """`id`, or `order_id` from channels."""

    id: Id | None = None
    order_id: Id | None = None


class _Shipment(msgspec.Struct, rename={"order_id": "orderId"}):
    order_id: Id


class _Product(msgspec.Struct):
    id: Id


class _ProductInventory(msgspec.Struct):
    product_id: Id


class _SkuInventory(msgspec.Struct):
    variant_id: Id


class _ProductStock(msgspec.Struct):
    inventory: _ProductInventory


class _SkuStock(msgspec.Struct):
    inventory: _SkuInventory


class _Stock(msgspec.Struct):
    variant_id: Id | None = None
    product_id: Id | None = None


class _Location(msgspec.Struct):
    location_id: Id


def _as(data: Any, type_: type[T]) -> T:
    return msgspec.convert(data, type_, strict=False)


def _order(data: Any) -> Facts:
    order = _as(data, _Order)
    order_id = order.id or order.order_id
    if order_id is None:
        message = "Object missing required field `id`"
        raise msgspec.ValidationError(message)
    return (OrderTouched(order_id),)


def _shipment(data: Any) -> Facts:
    return (OrderTouched(_as(data, _Shipment).order_id),)


def _product(data: Any) -> Facts:
    """What changed is not told: whether its stock is counted may have."""
    return (ProductStockMoved(_as(data, _Product).id),)


def _product_stock(data: Any) -> Facts:
    return (ProductStockMoved(_as(data, _ProductStock).inventory.product_id),)


def _sku_stock(data: Any) -> Facts:
    return (StockMoved(_as(data, _SkuStock).inventory.variant_id),)


def _stock(data: Any) -> Facts:
    """The variant; of stock that variants share the product alone may be told."""
    stock = _as(data, _Stock)
    if stock.variant_id:
        return (StockMoved(stock.variant_id),)
    if stock.product_id:
        return (ProductStockMoved(stock.product_id),)
    message = "Object missing required field `variant_id`"
    raise msgspec.ValidationError(message)


def _location(data: Any) -> Facts:
    """Whether it is still in use is not told: whoever waits there is looked at again."""
    return (LocationGone(_as(data, _Location).location_id),)


def _uninstalled(data: Any) -> Facts:
    return (ShopGone(),)


class Scope(NamedTuple):
    """How a scope's data is read, and whether a hook must be made for it: an uninstall is told anyway,
    and orders of channels are told as orders of the store too."""

    read: Callable[[Any], Facts]
    is_subscribed: bool = True


# Never `store/order/*`: it may include what our own metafields cause.
SCOPES: Mapping[str, Scope] = {
    "store/order/created": Scope(_order),
    "store/order/updated": Scope(_order),
    "store/order/archived": Scope(_order),
    "store/order/statusUpdated": Scope(_order),
    "store/order/refund/created": Scope(_order),
    "store/channel/*/order/created": Scope(_order, is_subscribed=False),
    "store/channel/*/order/updated": Scope(_order, is_subscribed=False),
    "store/channel/*/order/archived": Scope(_order, is_subscribed=False),
    "store/channel/*/order/statusUpdated": Scope(_order, is_subscribed=False),
    "store/shipment/created": Scope(_shipment),
    "store/shipment/updated": Scope(_shipment),
    "store/shipment/deleted": Scope(_shipment),
    "store/product/updated": Scope(_product),
    "store/product/inventory/updated": Scope(_product_stock),
    "store/sku/inventory/updated": Scope(_sku_stock),
    "store/channel/*/inventory/product/stock_changed": Scope(_stock),
    "store/channel/*/inventory/product/low_stock_reached": Scope(_stock),
    "store/channel/*/inventory/product/out_of_stock_reached": Scope(_stock),
    "store/channel/*/inventory/product/settings_changed": Scope(_stock),
    "store/inventory/location/created": Scope(_location),
    "store/inventory/location/updated": Scope(_location),
    "store/app/uninstalled": Scope(_uninstalled),
}


def find_scope(name: str) -> Scope | None:
    """The scope of a delivery; a channel's number is of no account."""
    return SCOPES.get(_CHANNEL.sub("store/channel/*/", name))
