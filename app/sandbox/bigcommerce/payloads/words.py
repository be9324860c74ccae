"""How moments, money and links are written."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.sandbox.bigcommerce.books import Books
    from app.sandbox.bigcommerce.store import SandboxStore

Json = dict[str, Any]
PRICE = 10
NOTHING = "0.0000"


def mail_date(at: datetime | None) -> str:
    """A v2 date."""
    return format_datetime(at.astimezone(UTC)) if at else ""


def iso_date(at: datetime) -> str:
    """A v3 date."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def money(amount: float) -> str:
    """A v2 amount."""
    return f"{amount:.4f}"


def native_fields(books: Books, **fields: Any) -> Json:
    """Fields that only a store with native backorders has."""
    return fields if books.settings.has_native_backorders else {}


def link(store: SandboxStore, resource: str) -> Json:
    """Where more is to be had."""
    return {
        "url": f"https://api.bigcommerce.com/stores/{store.store_hash}/v2{resource}",
        "resource": resource,
    }
