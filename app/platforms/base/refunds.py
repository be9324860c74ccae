"""Giving money back for units that can't be served, once a person has confirmed it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

import msgspec


class RefundLine(msgspec.Struct, frozen=True):
    """Units of a line item that are cancelled, of `outstanding` that were not shipped when they were
    looked at, and the location at which they are committed."""

    line_id: int
    location_id: int
    units: int
    outstanding: int


class RefundPart(msgspec.Struct, frozen=True):
    """What goes back by one payment of the order (`parent_id`, 0 where the platform names none). `title`
    is what staff call it. Where it `is_offline`, the platform only records it: no money moves."""

    gateway: str
    amount: str
    parent_id: int = 0
    is_offline: bool = False
    title: str = ""


class RefundQuote(msgspec.Struct, frozen=True):
    """What the platform gives back for these units: an amount as it writes it, the currency that the
    buyer paid in, and how; or why they can't be cancelled as they were looked at."""

    amount: str = "0.00"
    currency: str = ""
    parts: tuple[RefundPart, ...] = ()
    problem: str = ""

    @property
    def by_hand(self) -> str:
        """What of the amount the platform only records, so that somebody must pay it; empty: nothing."""
        offline = [Decimal(part.amount) for part in self.parts if part.is_offline]
        return str(sum(offline, Decimal("0.00"))) if offline else ""

    @property
    def is_by_hand(self) -> bool:
        """Whether the platform only records all of it."""
        return bool(self.parts) and all(part.is_offline for part in self.parts)


class RefundRequest(msgspec.Struct, frozen=True):
    """What is asked of the platform. Requests with the same `key` are done once."""

    order_id: int
    lines: tuple[RefundLine, ...]
    quote: RefundQuote
    key: str
    note: str
    notifies_buyer: bool = False


class Refunder(Protocol):
    """Refunds on one shop's platform. Methods raise as those of `Platform`."""

    def quote(self, order_id: int, lines: Sequence[RefundLine]) -> RefundQuote:
        """What cancelling these units gives back now."""
        ...

    def refund(self, request: RefundRequest) -> str:
        """Cancel the units and give the money back; says why it was refused (empty: done)."""
        ...
