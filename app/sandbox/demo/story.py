"""The story: a week in the life of a small shop, in half a minute."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any, NoReturn

from app.sandbox.bigcommerce.store import SandboxStore
from app.sandbox.demo.oracle import Oracle, OwnWords, spell
from app.sandbox.demo.stage import is_quiet
from app.sandbox.demo.telling import Teller
from app.sandbox.shopify.shop import SandboxShop

_COMMAND_S = 120
_CALM_S = 1.5
_POLL_S = 0.1
_DELIVERY = re.compile(r"Delivery (\d+) added")
_LAWFUL_DAYS = 30  # 16 CFR 435.2: where no day was stated; the last on which to tell of a delay
_TRAYS = 4


class StoryError(Exception):
    """The story can't go on; the text says why."""


@dataclass(frozen=True)
class Goods:
    """What the shop sells, and where it lies."""

    warehouse: int
    mug: Any
    towel: Any
    tray: Any
    lamp: Any
    apron: Any


def open_shop(domain: str, *, client_secret: str) -> SandboxShop:
    """A shop by the real clock, with delays like Shopify's but shorter."""
    return SandboxShop(domain, client_secret=client_secret, routing_delay_s=1, bulk_delay_s=1)


def open_store(store_hash: str, *, client_secret: str) -> SandboxStore:
    """A BigCommerce store by the real clock; its stock figures lag by a second instead of a minute."""
    return SandboxStore(store_hash, client_secret=client_secret, projection_delay_s=1)


def stock_shelves(shop: SandboxShop | SandboxStore) -> Goods:
    """Put the catalogue on sale: few of everything, and all of it may be oversold."""
    warehouse, store = shop.add_location("Warehouse"), shop.add_location("Harbour Store")
    return Goods(
        warehouse,
        mug=shop.add_product("Blue Mug", sku="MUG-BLUE", stock={warehouse: 7}),
        towel=shop.add_product("Tea Towel", sku="TOWEL", stock={warehouse: 40, store: 5}),
        tray=shop.add_product("Walnut Tray", sku="TRAY", stock={warehouse: 0}),
        lamp=shop.add_product("Reading Lamp", sku="LAMP", stock={warehouse: 1}),
        apron=shop.add_product("Linen Apron", sku="APRON", stock={warehouse: 1}),
    )


@dataclass
class Story:
    """One telling of it. `patience_s` is how long Backline may take after each turn of events; files of
    the story lie in `folder`."""

    shop: Any
    oracle: Oracle
    teller: Teller
    goods: Goods
    patience_s: float = 60
    folder: Path = Path()
    platform: str = "shopify"
    _arrivals: list[str] = field(default_factory=list)
    _said: str = ""

    @property
    def address(self) -> str:
        """What Backline's commands call the shop."""
        return str(self.shop.domain)

    def play(self) -> None:
        """Chapter after chapter. Raises `StoryError` as soon as an order does not show what it must."""
        chapters: Sequence[tuple[Callable[[], None], str]] = (
            (self._connect, "It is dated from the day of purchase, not from today."),
            (self._flash_sale, "Only what stock does not cover is tagged, to the unit."),
            (self._race, "One of them is tagged, never both."),
            (self._edit, "The tag came and went. Nothing arrived, so nothing says “released”."),
            (self._cancellation, "No one had to do that by hand."),
            (self._deliveries, "Each order has the date its own place in line will be filled."),
            (self._partial_restock, "Oldest first: later orders keep waiting."),
            (self._full_restock, "Everyone who waited for a mug is released."),
            (self._monday, "These orders are yours to look at now."),
        )
        for chapter, point in chapters:
            chapter()
            self.settle()
            self.teller.point(point)
        self._stay_right()

    # The chapters

    def _connect(self) -> None:
        self.teller.chapter("The shop connects")
        self._order((self.goods.mug, 2), days_ago=3)
        tray = self._order((self.goods.tray, 1), days_ago=2)
        self.teller.happens(
            f"{tray.name}, two days old, is waiting for a Walnut Tray, which is out of stock."
        )
        self._command(
            *("shops", "connect", self.platform, self.address),
            *("--access-token", self.shop.access_token),
        )

    def _flash_sale(self) -> None:
        self.teller.chapter("Flash sale: 5 Blue Mugs left, 11 sold")
        mug, towel = self.goods.mug, self.goods.towel
        placed = [
            self._order((mug, 2)),
            self._order((mug, 2)),
            self._order((mug, 3), (towel, 1), note="Gift wrap, please.", tags=("VIP",)),
            *(self._order((mug, count)) for count in (1, 2, 1)),
        ]
        self.teller.happens(f"{placed[0].name} to {placed[-1].name} come in one after another.")

    def _race(self) -> None:
        self.teller.chapter("Two buyers race for the last Reading Lamp")
        start = threading.Barrier(2)

        def buy() -> None:
            start.wait()
            self._order((self.goods.lamp, 1))

        buyers = [threading.Thread(target=buy, daemon=True) for _ in range(2)]
        for buyer in buyers:
            buyer.start()
        for buyer in buyers:
            buyer.join()
        names = [order.name for order in list(self.shop.orders.values())[-2:]]
        self.teller.happens(f"{' and '.join(names)} are placed in the same instant.")

    def _edit(self) -> None:
        self.teller.chapter("A buyer wants more, and then does not")
        order = self._order((self.goods.apron, 1))
        line = order.lines[0].line_id
        self.teller.happens(f"{order.name} takes the last Linen Apron. Staff edit it to 3.")
        self.shop.edit_order(order.order_id, {line: 3})
        self.settle()
        self.teller.happens(f"Staff edit {order.name} back to 1.")
        self.shop.edit_order(order.order_id, {line: 1})

    def _cancellation(self) -> None:
        self.teller.chapter("A waiting order is canceled")
        order = next(order for order in self.shop.orders.values() if len(order.lines) > 1)
        self._write_after_block(order.order_id, "\nCalled the buyer: prefers not to wait.")
        self.teller.happens(
            f"Staff add to the note of {order.name} and cancel it. The mug it held goes to the next in "
            "line; staff's own note and tags stay."
        )
        self.shop.cancel_order(order.order_id)

    def _deliveries(self) -> None:
        mug, tray = self.goods.mug, self.goods.tray
        first, second = self._in_days(10), self._in_days(24)
        self.teller.chapter("The supplier gives dates: 2 mugs, then 12 more")
        big = self._order((mug, 3))
        self.teller.happens(f"{big.name} orders 3 more mugs, behind everyone else.")
        self._expect(mug, 2, first)
        self._expect(mug, 12, second)
        self.teller.happens("Trays usually take three weeks to restock.")
        self._command("supply", "lead-time", self.address, "--sku", tray.sku, "--days", "21")
        self.oracle.lead_days[tray.item_id] = 21
        self._have_it_held()

    def _have_it_held(self) -> None:
        """A tag is a reminder: what is on hold can't be packed."""
        self.teller.happens("So that no one packs what waits, the merchant has it held in Shopify.")
        self._command("shops", "set", self.address, "--holds", "short")
        self.oracle.holds_short = True

    def _partial_restock(self) -> None:
        self.teller.chapter("Two mugs turn up in the back room")
        self.teller.happens("Staff count them in.")
        self.shop.adjust_stock(self.goods.mug.item_id, self.goods.warehouse, 2)

    def _full_restock(self) -> None:
        self.teller.chapter("Both deliveries arrive early")
        self._receive_shipments()
        for number in self._arrivals:
            self._command("supply", "receive", self.address, number)
        self.oracle.arrivals.clear()

    def _monday(self) -> None:
        """What to look at: a dozen orders wait, a delivery is late, a notice is due today."""
        goods = self.goods
        self.teller.chapter("The next morning: a dozen orders wait")
        self._command("shops", "set", self.address, "--regime", "us-mitor")
        phoned = self._order((goods.tray, 1), days_ago=_LAWFUL_DAYS)
        self.teller.happens(
            f"{phoned.name}, taken by phone {_LAWFUL_DAYS} days ago, is entered: by US rules its buyer "
            "must be told of the delay today."
        )
        placed = [
            *(self._order((goods.tray, count)) for count in (2, 1, 1)),
            *(self._order((goods.lamp, count)) for count in (1, 2)),
            *(self._order((goods.apron, count)) for count in (1, 1, 2)),
            self._order((goods.mug, 12), (goods.towel, 2), tags=("wholesale",)),
        ]
        self.teller.happens(f"{placed[0].name} to {placed[-1].name} were placed overnight.")
        late, coming = self._in_days(-2), self._in_days(9)
        self.teller.happens(f"The supplier's file: 3 lamps were due {spell(late)}; trays are on order.")
        self._command("supply", "import", self._file(late, coming), "--shop", self.address, "--yes")
        self.oracle.arrivals[goods.tray.item_id, goods.warehouse].append((coming, _TRAYS))

    def _file(self, late: date, coming: date) -> str:
        """Purchase orders as a supplier sends them; returns where they are."""
        lamp, tray = self.goods.lamp.sku, self.goods.tray.sku
        path = self.folder / f"{self.platform}-purchase-orders.csv"
        path.write_text(
            "PO number,Supplier,SKU,Quantity,Expected date,Location\n"
            f"PO-31,Bright Lights,{lamp},3,{late.isoformat()},Warehouse\n"
            f"PO-32,Walnut & Co,{tray},{_TRAYS},{coming.isoformat()},Warehouse\n"
        )
        return os.path.relpath(path)

    # What a chapter is made of

    def _order(
        self,
        *lines: tuple[Any, int],
        note: str = "",
        tags: Sequence[str] = (),
        days_ago: int = 0,
    ) -> Any:
        """Somebody orders."""
        wish = [(variant.variant_id, quantity) for variant, quantity in lines]
        at = self.shop.clock() - timedelta(days=days_ago)
        order_id = self._place(wish, note, tags, at)
        return self.shop.orders[order_id]

    def _place(
        self, wish: Sequence[tuple[int, int]], note: str, tags: Sequence[str], at: datetime
    ) -> int:
        order_id: int = self.shop.place_order(wish, note=note, tags=tags, processed_at=at)
        self.oracle.own[order_id] = OwnWords(note, tags=tuple(tags))
        return order_id

    def _write_after_block(self, order_id: int, text: str) -> None:
        """Staff add to a note that holds our block already."""
        with self.shop.lock:
            self.shop.edit_note(order_id, self.shop.orders[order_id].note + text)
        own = self.oracle.own[order_id]
        self.oracle.own[order_id] = OwnWords(own.before, text, own.tags)

    def _expect(self, variant: Any, quantity: int, day: date) -> None:
        """Goods are sent off to the warehouse, and the merchant tells Backline, by the name that the
        shipment has where it has one: the same goods are then counted once."""
        name = self._send_off(variant, quantity, day)
        self.teller.happens(f"{quantity} × {variant.product_title} are on order, due {spell(day)}.")
        self._command(
            *("supply", "add", self.address, variant.sku),
            *("--quantity", str(quantity), "--on", day.isoformat(), "--location", "Warehouse"),
            *(("--reference", name) if name else ()),
        )
        self._arrivals.append(_DELIVERY.findall(self._said)[-1])
        self.oracle.arrivals[variant.item_id, self.goods.warehouse].append((day, quantity))

    def _send_off(self, variant: Any, quantity: int, day: date) -> str:
        noon = datetime.combine(day, time_of_day(12), UTC)
        shipment = self.shop.expect_shipment(
            self.goods.warehouse, {variant.item_id: quantity}, arrives_at=noon
        )
        return str(shipment.name)

    def _receive_shipments(self) -> None:
        for shipment in list(self.shop.books.shipments.values()):
            self.shop.receive_shipment(shipment.shipment_id)

    def _in_days(self, days: int) -> date:
        return self.oracle.today() + timedelta(days=days)

    def _command(self, *words: str) -> None:
        """Run a real `backline` command, as the merchant would."""
        self.teller.command(words)
        done = subprocess.run(  # noqa: S603 -- our own words alone
            [sys.executable, "-m", "app.cli", *words],
            capture_output=True,
            text=True,
            timeout=_COMMAND_S,
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip() or done.stdout.strip()
            raise StoryError(f"`backline {' '.join(words)}` failed: {said}")
        self._said = done.stdout
        told = [line for line in done.stdout.splitlines() if line and not line.startswith("To undo")]
        self.teller.aside(told[-1] if told else "Done.")

    # How it ends

    def settle(self) -> None:
        """Wait until every order shows what it must; tell what came of it."""
        self.oracle.rule()
        began, waited_s = time.monotonic(), 0.0
        while self.oracle.wrong() or not is_quiet(self.shop):
            if waited_s > self.patience_s:
                self._end_wrong(
                    f"After {self.patience_s:.0f} s the shop still does not show what it must."
                )
            time.sleep(_POLL_S)
            waited_s = time.monotonic() - began
        self.teller.shop_shows(self.oracle, after_s=waited_s)

    def _stay_right(self) -> None:
        """Once Backline asks nothing more, everything must still be as it was."""
        give_up_at = time.monotonic() + self.patience_s
        seen = -1
        while seen != self.shop.request_count and time.monotonic() < give_up_at:
            seen = self.shop.request_count
            time.sleep(_CALM_S)
        if self.oracle.wrong():
            self._end_wrong("What was right did not stay right.")

    def _end_wrong(self, what: str) -> NoReturn:
        self.teller.goes_wrong(self.oracle, self.oracle.wrong())
        undelivered = len(self.shop.webhooks.waiting())
        late = f" {undelivered} webhooks could not be delivered yet." if undelivered else ""
        raise StoryError(f"{what}{late}")


@dataclass
class StoreStory(Story):
    """The same story at a BigCommerce store, which tells nobody of shipments on their way."""

    platform: str = "bigcommerce"
    _on_their_way: list[tuple[int, int]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """The store's hash."""
        return str(self.shop.store_hash)

    def _place(
        self, wish: Sequence[tuple[int, int]], note: str, tags: Sequence[str], at: datetime
    ) -> int:
        order_id: int = self.shop.place_order(wish, note=note, at=at)
        self.oracle.own[order_id] = OwnWords(note)
        return order_id

    def _have_it_held(self) -> None:
        """BigCommerce has no holds."""

    def _send_off(self, variant: Any, quantity: int, day: date) -> str:
        self._on_their_way.append((variant.item_id, quantity))
        return ""

    def _receive_shipments(self) -> None:
        for item_id, quantity in self._on_their_way:
            self.shop.adjust_stock(item_id, self.goods.warehouse, quantity)
