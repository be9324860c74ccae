"""The Corner Shop, a platform of our own invention that sells at one counter: its shops, and their API.

Stock is what lies on the shelf; open orders are committed to it. Everything is JSON, signed webhooks
tell whole orders, and an order carries tags, a note and fields.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, jsonify, request

from app.sandbox.serving import NoAnswer, cut

ITEM, VARIANT, COUNTER = 7, 70, 1
OPEN, SHIPPED, CANCELLED = "open", "shipped", "cancelled"
PAGE = 25
SECRET = "the secret of the Corner Shop"


@dataclass
class CornerOrder:
    """One order for units of the only item."""

    id: int
    quantity: int
    placed_at: float
    changed_at: float
    state: str = OPEN
    note: str = ""
    tags: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    buyer: str = "Erika Mustermann"


@dataclass
class CornerShop:
    """One shop, with units of one item on its shelf; each request may meet a fault that was set."""

    on_hand: int = 5
    domain: str = "mugs.corner.example"
    token: str = "corner-token"
    clock: Callable[[], datetime] = lambda: datetime(2026, 11, 25, 9, tzinfo=UTC)
    orders: dict[int, CornerOrder] = field(default_factory=dict)
    hooks: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    outbox: list[tuple[str, bytes]] = field(default_factory=list)
    variant_id: int = VARIANT
    item_id: int = ITEM

    def place(self, quantity: int) -> int:
        """Order some units; returns the order's id."""
        order_id, now = len(self.orders) + 1, self.clock().timestamp()
        self.orders[order_id] = CornerOrder(order_id, quantity, now, now)
        self._tell(order_id)
        return order_id

    def ship(self, order_id: int) -> None:
        """Ship all of an order."""
        self.on_hand -= self.orders[order_id].quantity
        self._turn(order_id, SHIPPED)

    def cancel(self, order_id: int) -> None:
        """Cancel an order."""
        self._turn(order_id, CANCELLED)

    def restock(self, quantity: int) -> None:
        """Units are put on the shelf."""
        self.on_hand += quantity
        self._send("stock.changed", {"item": ITEM})

    def fail_once(self) -> None:
        """Answer the next request with a server error."""
        self.faults.append("fail")

    def lose_answer_once(self) -> None:
        """Do what the next request asks, and break the connection before answering."""
        self.faults.append("lose")

    def revoke_token(self) -> None:
        """Refuse the token from now on."""
        self.token = "another"

    def _turn(self, order_id: int, state: str) -> None:
        self.orders[order_id].state = state
        self._tell(order_id)

    def _tell(self, order_id: int) -> None:
        self.orders[order_id].changed_at = self.clock().timestamp()
        self._send("order.changed", self.as_json(order_id))

    def _send(self, topic: str, told: dict[str, Any]) -> None:
        self.outbox.append((topic, json.dumps(told).encode()))

    def as_json(self, order_id: int) -> dict[str, Any]:
        """An order as the API and webhooks tell it."""
        order = self.orders[order_id]
        return vars(order) | {"variant": VARIANT, "title": "Blue Mug", "price": "12.90"}

    def stock(self) -> dict[str, int]:
        """The counter's figures."""
        committed = sum(one.quantity for one in self.orders.values() if one.state == OPEN)
        return {"on_hand": self.on_hand, "committed": committed}


def make_app(shop: CornerShop) -> Flask:
    """The shop's API."""
    app = Flask(__name__)

    @app.before_request
    def meet() -> Response | None:
        if shop.faults and shop.faults[0] == "fail":
            shop.faults.pop(0)
            return Response(status=503)
        if request.headers.get("Corner-Token") != shop.token:
            return Response(status=401)
        return None

    @app.after_request
    def lose(answer: Response) -> Response:
        if shop.faults and shop.faults[0] == "lose":
            shop.faults.pop(0)
            return cut(NoAnswer(was_applied=True))
        return answer

    @app.get("/shop")
    def tell_shop() -> Response:
        return jsonify(domain=shop.domain, name="Mugs", zone="Europe/London")

    @app.get("/hooks")
    def hooks() -> Response:
        return jsonify(shop.hooks)

    @app.put("/hooks/<topic>")
    def hook(topic: str) -> Response:
        was = shop.hooks.get(topic)
        shop.hooks[topic] = request.get_json()["address"]
        return jsonify(outcome="kept" if was == shop.hooks[topic] else "created")

    @app.get("/items")
    def items() -> Response:
        return jsonify({str(ITEM): shop.stock() | {"variant": VARIANT, "title": "Blue Mug"}})

    @app.get("/orders")
    def orders() -> Response:
        asked = request.args
        found = sorted(shop.orders.values(), key=lambda one: (one.changed_at, one.id))
        if "ids" in asked:
            found = [shop.orders[int(one)] for one in asked["ids"].split(",") if int(one) in shop.orders]
        if "since" in asked:
            found = [one for one in found if one.changed_at >= float(asked["since"])]
        if "after" in asked:
            open_ones = [one for one in found if one.state == OPEN and one.id > int(asked["after"])]
            found = sorted(open_ones, key=lambda one: one.id)[:PAGE]
        return jsonify([shop.as_json(one.id) for one in found])

    @app.patch("/orders/<int:order_id>")
    def mark(order_id: int) -> tuple[Response, int]:
        order = shop.orders.get(order_id)
        if order is None:
            return jsonify(error="There is no such order"), 422
        change = request.get_json()
        order.note = change.get("note", order.note)
        order.tags = sorted({*order.tags, *change["add"]} - {*change["remove"]})
        order.fields = {**order.fields, **change["fields"]}
        return jsonify(ok=True), 200

    return app
