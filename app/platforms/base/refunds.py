"""Giving money back for units that can't be served, once a person has confirmed it."""

from collections.abc import Sequence
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
    """What goes back by one payment of the order (`parent_id`)."""

    gateway: str
    amount: str
    parent_id: int


class RefundQuote(msgspec.Struct, frozen=True):
    """What the platform gives back for these units: an amount as it writes it, the currency that the
    buyer paid in, and how; or why they can't be cancelled as they were looked at."""

    amount: str = "0.00"
    currency: str = ""
    parts: tuple[RefundPart, ...] = ()
    problem: str = ""


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
