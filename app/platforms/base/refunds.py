"""Giving money back for units that can't be served, once a person has confirmed it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

import msgspec


class Made(StrEnum):
    """Whether a refund was made that was asked for and never answered, as far as the platform tells."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


class RefundLine(msgspec.Struct, frozen=True):
    """Units of a line item that are cancelled, of `outstanding` that were not shipped when they were
    looked at, and the location at which they are committed."""

    line_id: int
    location_id: int
    units: int
    outstanding: int


def units_of(lines: Sequence[RefundLine]) -> Counter[int]:
    """Their units by line: a line may be short at several locations."""
    units: Counter[int] = Counter()
    for line in lines:
        units[line.line_id] += line.units
    return units


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
    buyer paid in, and how; or why they can't be cancelled as they were looked at. `ordered` are the
    units that each of the lines had then, in their order, shipped ones included."""

    amount: str = "0.00"
    currency: str = ""
    parts: tuple[RefundPart, ...] = ()
    ordered: tuple[int, ...] = ()
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
    """What is asked of the platform, prepared at a moment that its refund can't be older than. Requests
    with the same `key` are done once."""

    order_id: int
    lines: tuple[RefundLine, ...]
    quote: RefundQuote
    key: str
    note: str
    prepared_at: datetime
    notifies_buyer: bool = False

    @property
    def units(self) -> Counter[int]:
        """What is cancelled, by line."""
        return units_of(self.lines)

    def made_by(self, ordered: Mapping[int, int], *, is_listed: bool) -> Made:
        """Whether it was made, by the units that lines have now: a shipment lowers none of them.
        `is_listed`: a refund of just these units is there, nobody knows whose."""
        numbers = [line.line_id for line in self.lines]
        was = dict(zip(numbers, self.quote.ordered, strict=False))
        now = {number: ordered.get(number, 0) for number in was}
        if was.keys() == set(numbers) and now == was:
            return Made.NO
        left = {number: units - self.units[number] for number, units in was.items()}
        return Made.YES if is_listed and was and now == left else Made.UNCLEAR


class Refunder(Protocol):
    """Refunds on one shop's platform. Methods raise as those of `Platform`."""

    def quote(self, order_id: int, lines: Sequence[RefundLine]) -> RefundQuote:
        """What cancelling these units gives back now."""
        ...

    def refund(self, request: RefundRequest) -> str:
        """Cancel the units and give the money back; says why it was refused (empty: done). What raises
        may have been done all the same, but for `NeedsMerchant`."""
        ...

    def made(self, request: RefundRequest) -> Made:
        """Whether a request that nobody answered was done, by what the platform tells now."""
        ...
