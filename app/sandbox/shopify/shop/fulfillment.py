"""What a merchant and the warehouses do with fulfillment orders."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from app.sandbox.actions import action
from app.sandbox.shopify import holds, moves, routing
from app.sandbox.shopify.shop.part import ShopPart


class FulfillmentActions(ShopPart):
    """Moves, splits, holds and days of fulfillment orders."""

    @action
    def move(
        self, fulfillment_order_id: int, location_id: int, *, quantities: Mapping[int, int] | None = None
    ) -> int:
        """Ship from elsewhere, whole or some units by fulfillment line id. Returns its id now."""
        source = self.books.fulfillment_order(fulfillment_order_id)
        moved = moves.move(self.books, source, location_id, quantities=quantities)
        return moved.fulfillment_order_id

    @action
    def split(self, fulfillment_order_id: int, quantities: Mapping[int, int]) -> int:
        """Split units (by fulfillment line id) off into a new fulfillment order: its id."""
        source = self.books.fulfillment_order(fulfillment_order_id)
        return moves.split(self.books, source, quantities).fulfillment_order_id

    @action
    def merge(self, fulfillment_order_ids: Sequence[int]) -> int:
        """Merge open fulfillment orders into the first: its id."""
        everyone = [self.books.fulfillment_order(number) for number in fulfillment_order_ids]
        return moves.merge(self.books, everyone).fulfillment_order_id

    @action
    def hold(
        self,
        fulfillment_order_id: int,
        *,
        reason: str = "OTHER",
        handle: str | None = None,
        app: str | None = None,
        quantities: Mapping[int, int] | None = None,
    ) -> int:
        """Hold as a person or another app; `quantities` by fulfillment line id. The hold's id."""
        target = self.books.fulfillment_order(fulfillment_order_id)
        hold, _ = holds.place(self.books, target, holds.HoldWish(reason, handle, None, app, quantities))
        return hold.hold_id

    @action
    def release_hold(self, fulfillment_order_id: int, hold_ids: Collection[int] | None = None) -> None:
        """Release these holds, or everybody's."""
        holds.release(self.books, self.books.fulfillment_order(fulfillment_order_id), hold_ids)

    @action
    def reschedule(self, fulfillment_order_id: int, fulfill_at: datetime) -> None:
        """Ship it on another day."""
        scheduled = self.books.fulfillment_order(fulfillment_order_id)
        scheduled.fulfill_at = fulfill_at
        routing.reschedule(self.books, scheduled)

    @action
    def schedule(self, fulfillment_order_id: int, fulfill_at: datetime) -> None:
        """Ship an open one on a later day: it opens again by itself then."""
        routing.schedule(self.books, self.books.fulfillment_order(fulfillment_order_id), fulfill_at)

    @action
    def give_back(self, fulfillment_order_id: int) -> None:
        """A warehouse can't ship what is left of one: it is incomplete."""
        routing.give_back(self.books, self.books.fulfillment_order(fulfillment_order_id))

    @action
    def take_up_again(self, fulfillment_order_id: int) -> None:
        """Have an incomplete one shipped after all."""
        routing.take_up_again(self.books, self.books.fulfillment_order(fulfillment_order_id))
