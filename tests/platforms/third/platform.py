"""The Corner Shop as a `Platform`: all that a third platform takes."""

import hmac
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec

from app.errors import NeedsMerchant, RejectedWebhook
from app.platforms.base import (
    BulkWriter,
    ChangedOrders,
    Credentials,
    Delivery,
    Glance,
    Grant,
    ImportPage,
    Inbound,
    ItemStock,
    LineItem,
    LocatedLine,
    OrderAsk,
    OrderChange,
    OrderGone,
    OrderNow,
    OrderSeen,
    Pool,
    PreWriteRead,
    PurchaseOrder,
    Registered,
    Reservation,
    Routing,
    ShopProfile,
    StockMoved,
    Subscription,
    Traits,
    VariantSeen,
    WriteResult,
)
from app.platforms.http import Http
from app.platforms.registry import Outside, PlatformKind
from app.platforms.text import printable, ten_thousandths
from app.settings import Settings
from tests.platforms.third.corner_shop import CANCELLED, COUNTER, ITEM, OPEN, PAGE, SECRET

TRAITS = Traits(has_tags=True, note_limit=2000)

Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class Order(msgspec.Struct):
    """What is read of an order. The buyer is not."""

    id: Id
    variant: Id
    quantity: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
    state: str
    placed_at: float
    changed_at: float
    title: str
    price: str
    note: str = ""
    tags: list[str] = []

    def seen(self) -> OrderSeen:
        """In our words. Units are only ever shipped all at once, and from the only counter."""
        open_units = self.quantity if self.state == OPEN else 0
        item = LineItem(
            line_id=self.id,
            variant_id=self.variant,
            ordered=self.quantity,
            outstanding=open_units,
            title=printable(self.title),
            unit_price=ten_thousandths(self.price),
        )
        lines = (LocatedLine(ITEM, COUNTER, open_units),) if open_units else ()
        return OrderSeen(
            order_id=self.id,
            name=f"#{self.id}",
            placed_at=datetime.fromtimestamp(self.placed_at, UTC),
            updated_at=datetime.fromtimestamp(self.changed_at, UTC),
            is_cancelled=self.state == CANCELLED,
            items=(item,),
            routing=Routing(lines, (self.id,)),
            tags=tuple(self.tags),
        )


class StockBody(msgspec.Struct):
    """A webhook that tells of the shelf."""

    item: Id


class CornerWebhooks:
    """Its signed webhooks: shop, topic and id stand in headers, an order in the body."""

    def read_delivery(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """See `app.platforms.base.WebhookReader`."""
        named = {name.lower(): value for name, value in headers.items()}
        shop, topic = named.get("corner-shop", ""), named.get("corner-topic", "")
        if not hmac.compare_digest(signature(shop, topic, body), named.get("corner-signature", "")):
            raise RejectedWebhook("the signature is not the Corner Shop's", reason="signature")
        digest = sha256(body).hexdigest()
        delivery = Delivery(
            shop_domain=shop,
            topic=topic,
            delivery_id=named.get("corner-id", digest),
            event_id=None,
            body_hash=digest,
            triggered_at=None,
        )
        if topic not in TOPICS:
            return msgspec.structs.replace(delivery, is_ignored=True)
        try:
            return msgspec.structs.replace(delivery, facts=(TOPICS[topic](body),))
        except UNREADABLE as error:
            return msgspec.structs.replace(delivery, problem=f"the body can't be read: {error}")


def signature(shop: str, topic: str, body: bytes) -> str:
    """What a genuine webhook is signed with."""
    return hmac.new(SECRET.encode(), f"{shop}\n{topic}\n".encode() + body, sha256).hexdigest()


UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError, ValueError)
TOPICS: Mapping[str, Any] = {
    "order.changed": lambda body: msgspec.json.decode(body, type=Order).seen(),
    "stock.changed": lambda body: StockMoved(msgspec.json.decode(body, type=StockBody).item),
}


class CornerPlatform:
    """See `app.platforms.base.Platform` for what each method promises."""

    def __init__(self, http: Http, credentials: Credentials) -> None:
        self._http = http
        self._url = f"https://{credentials.domain}"
        self._headers = {"Corner-Token": credentials.token}
        self.traits = TRAITS
        self.bulk: BulkWriter | None = None

    def _ask(self, path: str, **params: str | int) -> bytes:
        return self._http.call(
            "GET", f"{self._url}/{path}", headers=self._headers, params=params
        ).content

    def _orders(self, **params: str | int) -> list[Order]:
        return msgspec.json.decode(self._ask("orders", **params), type=list[Order])

    def fetch_profile(self) -> ShopProfile:
        """It knows neither scopes nor versions."""
        said = msgspec.json.decode(self._ask("shop"))
        return ShopProfile(said["domain"], said["name"], said["zone"], "en-GB", (), (), "1")

    def register_webhooks(self, address: str, *, scopes: Sequence[str] = ()) -> list[Subscription]:
        """A hook a topic."""
        found = []
        for topic in TOPICS:
            url = f"{self._url}/hooks/{topic}"
            said = self._http.call("PUT", url, headers=self._headers, json={"address": address})
            found.append(Subscription(topic, said.json()["outcome"]))
        return found

    def fetch_codes(self, variant_ids: Sequence[int]) -> list[VariantSeen]:
        """There are no barcodes at the corner."""
        return [msgspec.structs.replace(one, codes=()) for one in self.fetch_variants(variant_ids)]

    def check_webhooks(self, address: str, *, scopes: Sequence[str] = ()) -> list[Subscription]:
        """Where each topic's hook leads."""
        there = msgspec.json.decode(self._ask("hooks"), type=dict[str, str])
        return [
            Subscription(topic, Registered.KEPT if there.get(topic) == address else "not registered")
            for topic in TOPICS
        ]

    def fetch_variants(self, variant_ids: Sequence[int]) -> list[VariantSeen]:
        """Each item is sold by one variant."""
        items = msgspec.json.decode(self._ask("items"), type=dict[str, dict[str, Any]])
        sold = {one["variant"]: (int(item_id), one["title"]) for item_id, one in items.items()}
        return [
            VariantSeen(one, *sold[one]) if one in sold else VariantSeen(one, None, "")
            for one in variant_ids
        ]

    def fetch_selling_plans(self, plan_ids: Sequence[int]) -> dict[int, bool]:
        """There are none."""
        return {}

    def fetch_stock(self, item_ids: Sequence[int]) -> list[ItemStock]:
        """All there is lies at the counter."""
        items = msgspec.json.decode(self._ask("items"), type=dict[int, dict[str, Any]])
        return [
            ItemStock(one, is_tracked=True, pools=(_pool(items[one]),))
            if one in items
            else ItemStock(one, is_tracked=False, pools=())
            for one in item_ids
        ]

    def fetch_orders(self, asks: Sequence[OrderAsk], *, with_items: bool) -> list[OrderSeen | OrderGone]:
        """They always come whole."""
        found = {one.id: one.seen() for one in self._orders(ids=_joined(asks))}
        return [found.get(ask.order_id) or OrderGone(ask.order_id) for ask in asks]

    def fetch_changed_orders(self, since: datetime) -> ChangedOrders:
        """All of them, whole."""
        found = [one.seen() for one in self._orders(since=str(since.timestamp()))]
        changed = {one.order_id: one.updated_at for one in found}
        until = max(changed.values(), default=since)
        return ChangedOrders(changed, until, is_complete=True, orders=tuple(found))

    def fetch_open_orders(self, cursor: str | None) -> ImportPage:
        """A page, by order ids."""
        found = [one.seen() for one in self._orders(after=cursor or "0")]
        is_last = len(found) < PAGE
        return ImportPage(tuple(found), None if is_last else str(found[-1].order_id), len(found))

    def fetch_inbound(
        self, location_ids: Sequence[int], held: Mapping[int, int], *, scopes: Sequence[str]
    ) -> list[Inbound] | None:
        """It tells of none."""
        return None

    def fetch_purchase_orders(
        self, known: Collection[int], *, scopes: Sequence[str]
    ) -> list[PurchaseOrder] | None:
        """It knows of none."""
        return None

    def fetch_reservations(self, *, scopes: Sequence[str], now: datetime) -> list[Reservation]:
        """There are none."""
        return []

    def look(
        self, asks: Sequence[OrderAsk], item_ids: Sequence[int], *, with_items: bool = False
    ) -> PreWriteRead:
        """Two requests."""
        orders = [
            OrderNow(one.seen(), one.note, tuple(one.tags)) for one in self._orders(ids=_joined(asks))
        ]
        return PreWriteRead(tuple(orders), tuple(self.fetch_stock(item_ids) if item_ids else ()))

    def glance(
        self, order_ids: Sequence[int], item_ids: Sequence[int], *, location_id: int | None = None
    ) -> Glance | None:
        """A look costs no more."""
        return None

    def write(self, changes: Sequence[OrderChange]) -> Iterator[list[WriteResult]]:
        """One order in one request."""
        for change in changes:
            said = self._http.call(
                "PATCH",
                f"{self._url}/orders/{change.order_id}",
                headers=self._headers,
                json=_as_json(change),
                expected=(422,),
            )
            yield [WriteResult(change.order_id, said.json().get("error"))]


def _pool(figures: Mapping[str, int]) -> Pool:
    """Open orders are committed, all of their units."""
    committed = figures["committed"]
    free = figures["on_hand"] - committed
    return Pool(COUNTER, "Counter", figures["on_hand"], free, committed=committed)


def _joined(asks: Sequence[OrderAsk]) -> str:
    return ",".join(str(ask.order_id) for ask in asks)


def _as_json(change: OrderChange) -> dict[str, Any]:
    fields = {key: str(value) for key, value in change.metafields.items()}
    fields |= dict.fromkeys(change.remove_metafields, "")
    note = {} if change.note is None else {"note": change.note}
    return {"add": change.add_tags, "remove": change.remove_tags, "fields": fields, **note}


def _connect(credentials: Credentials, _settings: Settings, outside: Outside) -> CornerPlatform:
    return CornerPlatform(outside.http, credentials)


def _renew(_http: Http, _settings: Settings, domain: str, _refresh_token: str | None) -> Grant:
    raise NeedsMerchant(f"{domain} gives tokens by hand: make one in the shop's settings")


# The one line that the registry takes.
CORNER_SHOP = PlatformKind(
    lambda _settings: CornerWebhooks(),
    _connect,
    "Corner Shop",
    lambda domain, order_id: f"https://{domain}/admin/orders/{order_id}",
    lambda domain, words: f"https://{domain}/admin/orders?{urlencode({'search': words})}",
    traits=TRAITS,
    renew_access=_renew,
)
