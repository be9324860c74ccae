"""Holding parts of orders back from shipping, or having them shipped from elsewhere."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from app.core.holds import Lift, OrderParts, Put
from app.core.moving import Move


class HoldWish(msgspec.Struct, frozen=True):
    """A hold to place, with the words that staff read beside it."""

    order_id: int
    put: Put
    words: str


class HoldAnswer(msgspec.Struct, frozen=True):
    """What became of a wish: the platform's id of the hold and the parts that the order has by it, or
    its refusal in words."""

    hold_id: int | None = None
    part_ids: tuple[int, ...] = ()
    error: str | None = None


class Holder(Protocol):
    """Holds and moves on one shop's platform. Methods raise as those of `Platform`."""

    def parts_of(self, order_ids: Sequence[int]) -> dict[int, OrderParts | None]:
        """The parts of these orders with their tags, by order; None where there are more than can be
        read. Orders that no longer exist are missing."""
        ...

    def move(self, wish: Move) -> str:
        """Have units shipped from another location, if the platform lets them be. Says why not (empty:
        done)."""
        ...

    def send(
        self, puts: Sequence[HoldWish], lifts: Sequence[Lift]
    ) -> tuple[list[HoldAnswer], list[str]]:
        """Place holds, and lift our own, in one request. Answers the wishes in their order, and says of
        the lifts, in theirs, why they were refused (empty: done)."""
        ...
