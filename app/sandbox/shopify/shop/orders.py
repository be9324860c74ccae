"""What buyers and the merchant do with orders and draft orders."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.sandbox.actions import action
from app.sandbox.shopify import marks, orders, reserving
from app.sandbox.shopify.records import Channel, Restock
from app.sandbox.shopify.shop.part import ShopPart


class OrderActions(ShopPart):
    """Orders, draft orders, and what is written on orders by hand."""

    @action
    def place_order(
        self,
        lines: Sequence[tuple[int | str, int]],
        *,
        processed_at: datetime | None = None,
        note: str = "",
        tags: Sequence[str] = (),
        channel: Channel = "online",
        selling_plan_id: int | None = None,
        reserves_on_fulfilment: bool = False,
    ) -> int:
        """Order (variant id, quantity) or, for custom lines, (title, quantity). Raises `OutOfStock`."""
        plan = selling_plan_id, reserves_on_fulfilment
        wish = orders.OrderWish(lines, processed_at, note, tags, channel, *plan)
        return orders.place(self.books, wish, routing_delay_s=self.routing_delay_s).order_id

    @action
    def edit_order(
        self,
        order_id: int,
        quantities: Mapping[int, int] | None = None,
        *,
        add: Sequence[tuple[int | str, int]] = (),
        restock: bool = True,
    ) -> None:
        """Set the current units of lines by line id (0 removes), and add lines."""
        wish = orders.EditWish(quantities or {}, add, restock)
        orders.edit(self.books, self.books.order(order_id), wish, routing_delay_s=self.routing_delay_s)

    @action
    def cancel_order(self, order_id: int, *, restock: bool = True, reason: str = "CUSTOMER") -> None:
        """Cancel an order of which nothing has shipped."""
        orders.cancel(self.books, self.books.order(order_id), restock=restock, reason=reason)

    @action
    def refund(
        self,
        order_id: int,
        quantities: Mapping[int, int],
        *,
        restock: Restock = "cancel",
        location_id: int | None = None,
    ) -> None:
        """Refund units by line id: `cancel` unshipped, `return` shipped ones, `no_restock` either."""
        orders.refund(
            self.books, self.books.order(order_id), quantities, restock=restock, location_id=location_id
        )

    @action
    def fulfil(self, order_id: int, quantities: Mapping[int, int] | None = None) -> None:
        """Ship units by line id, or all that is routed and not held."""
        orders.fulfil(self.books, self.books.order(order_id), quantities)

    @action
    def cancel_fulfilment(self, order_id: int) -> None:
        """Cancel the last parcel of an order: its units are open again, in new fulfillment orders."""
        orders.unfulfil(self.books, self.books.order(order_id))

    @action
    def delete_order(self, order_id: int) -> None:
        """Delete an order."""
        orders.delete(self.books, self.books.order(order_id))

    @action
    def close_order(self, order_id: int) -> None:
        """Archive an order."""
        orders.close(self.books, self.books.order(order_id))

    @action
    def draft_order(
        self, lines: Sequence[tuple[int, int]], *, reserve_until: datetime | None = None
    ) -> int:
        """Prepare an order, (variant id, quantity), and reserve its units until then. Its id."""
        return reserving.draft(self.books, lines, reserve_until=reserve_until).draft_id

    @action
    def reserve_draft(self, draft_id: int, reserve_until: datetime | None) -> None:
        """Reserve the units of a draft until then, or no more."""
        reserving.set_reserve_until(self.books, self.books.drafts[draft_id], reserve_until)

    @action
    def complete_draft(self, draft_id: int) -> int:
        """Make an order of a draft: the order's id."""
        made = self.books.drafts[draft_id]
        reserving.close(self.books, made)
        lines = [(line.variant_id, line.quantity) for line in made.lines]
        wish = orders.OrderWish(lines, channel="draft")
        return orders.place(self.books, wish, routing_delay_s=self.routing_delay_s).order_id

    @action
    def delete_draft(self, draft_id: int) -> None:
        """Throw a draft away."""
        reserving.delete(self.books, self.books.drafts[draft_id])

    @action
    def edit_note(self, order_id: int, note: str) -> None:
        """Replace an order's note by hand."""
        marks.set_note(self.books, self.books.order(order_id), note)

    @action
    def add_tags(self, order_id: int, tags: Sequence[str]) -> None:
        """Tag an order by hand."""
        marks.add_tags(self.books, self.books.order(order_id), tags)

    @action
    def remove_tags(self, order_id: int, tags: Sequence[str]) -> None:
        """Untag an order by hand."""
        marks.remove_tags(self.books, self.books.order(order_id), tags)
