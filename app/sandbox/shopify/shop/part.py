"""What every part of a shop works on."""

import threading

from app.sandbox.shopify import stock
from app.sandbox.shopify.books import Books


class ShopPart:
    """The state that the parts of one shop share. An order has no fulfillment orders for
    `routing_delay_s`."""

    books: Books
    lock: threading.RLock
    routing_delay_s: float

    def _set(self, item_id: int, location_id: int, quantity: int, name: str) -> None:
        level = stock.connect(self.books, self.books.item(item_id), self.books.locations[location_id])
        stock.set_to(self.books, level, quantity, name=name)
