"""Bodies about the shop itself: privacy, permissions, bulk operations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from app.sandbox.shopify.payloads.words import Body, gid, stamp

if TYPE_CHECKING:
    from app.sandbox.shopify.books import Books
    from app.sandbox.shopify.records import Order


def data_request(books: Books, placed: Order) -> Body:
    """customers/data_request."""
    head = _privacy(books, placed)
    return {
        **head,
        "orders_requested": [placed.order_id],
        "data_request": {"id": books.new_id("DataRequest")},
    }


def redact_customer(books: Books, placed: Order) -> Body:
    """customers/redact."""
    return {**_privacy(books, placed), "orders_to_redact": [placed.order_id]}


def _privacy(books: Books, placed: Order) -> Body:
    buyer = placed.buyer
    customer = {"id": buyer.customer_id, "email": buyer.email, "phone": buyer.phone}
    return {"shop_id": books.shop_id, "shop_domain": books.domain, "customer": customer}


def redact_shop(books: Books) -> Body:
    """shop/redact."""
    return {"shop_id": books.shop_id, "shop_domain": books.domain}


def uninstalled(books: Books, *, name: str) -> Body:
    """app/uninstalled: the shop."""
    heads = {"id": books.shop_id, "name": name, "email": f"owner@{books.domain}"}
    return {**heads, "domain": books.domain, "myshopify_domain": books.domain}


def scopes_changed(books: Books, *, previous: Sequence[str], current: Sequence[str]) -> Body:
    """app/scopes_update."""
    return {
        "id": books.app_id,
        "shop_id": gid("Shop", books.shop_id),
        "previous": list(previous),
        "current": list(current),
        "updated_at": stamp(books.now()),
    }


def bulk_finished(
    operation_gid: str,
    *,
    status: str,
    created_at: datetime,
    completed_at: datetime,
    kind: str,
    error_code: str | None,
) -> Body:
    """bulk_operations/finish."""
    return {
        "admin_graphql_api_id": operation_gid,
        "completed_at": stamp(completed_at),
        "created_at": stamp(created_at),
        "error_code": error_code and error_code.lower(),
        "status": status.lower(),
        "type": kind,
    }
