"""A shop that two pools are known of, and files of purchase orders for it."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from app.db import mirror
from app.db.models import ArrivalRow, Event, Item
from app.pipeline.arrivals import Bad, Report
from app.pipeline.csv_import import import_file
from app.pipeline.csv_layout import examine
from app.platforms.base import VariantSeen
from tests.builders import ITEM, NOW, installed_shop, item_stock, pool
from tests.db.stock import known_item, record_stock

COLUMNS = "reference,sku,quantity,expected_on,location"
THERE = 42


@dataclass
class Buyer:
    """Whoever keeps the purchase orders of a shop, with blue mugs at Location 41 and 42."""

    sessions: sessionmaker[Session]
    shop_id: int
    bad: list[Bad] = field(default_factory=list)

    def send(
        self,
        *lines: str,
        columns: str = COLUMNS,
        is_rehearsal: bool = False,
        date_order: str | None = None,
    ) -> Report:
        """Import a file of these lines."""
        content = "\n".join((columns, *lines, "")).encode()
        return self.send_bytes(content, is_rehearsal=is_rehearsal, date_order=date_order)

    def send_bytes(
        self, content: bytes, *, is_rehearsal: bool = False, date_order: str | None = None
    ) -> Report:
        """Import a file."""
        self.bad = []
        layout = examine(lambda: io.BytesIO(content), date_order=date_order)
        return import_file(
            self.sessions,
            self.shop_id,
            lambda: io.BytesIO(content),
            layout,
            name="po.csv",
            now=NOW,
            is_rehearsal=is_rehearsal,
            on_bad=self.bad.append,
        )

    def arrivals(self) -> Sequence[ArrivalRow]:
        """All that is known of them, oldest first."""
        with self.sessions.begin() as session:
            where = ArrivalRow.shop_id == self.shop_id
            return session.scalars(sa.select(ArrivalRow).where(where).order_by(ArrivalRow.id)).all()

    def events(self) -> list[tuple[str, str, str, str | None]]:
        """What the audit says: kind, before, after, cause."""
        with self.sessions.begin() as session:
            found = session.scalars(
                sa.select(Event).where(Event.shop_id == self.shop_id).order_by(Event.id)
            )
            return [(one.kind, one.before, one.after, one.cause) for one in found]

    def item(self) -> Item:
        """The mug."""
        with self.sessions.begin() as session:
            return session.get_one(Item, (self.shop_id, ITEM))


def a_buyer(engine: sa.Engine, *, has_queue: bool = True) -> Buyer:
    """A shop with blue mugs (MUG-BLUE), for which somebody waits unless told otherwise."""
    sessions = sessionmaker(engine, expire_on_commit=False)
    with sessions.begin() as session:
        shop = installed_shop(session)
        known_item(session, shop, has_queue=has_queue)
        record_stock(session, shop.id, item_stock(pool(0), pool(0, at=THERE)), {})
        return Buyer(sessions, shop.id)


def see_item(buyer: Buyer, item_id: int, sku: str) -> None:
    """An order has named another item."""
    with buyer.sessions.begin() as session:
        told = VariantSeen(item_id, item_id, "Towel", sku)
        mirror.see_variants(session, buyer.shop_id, [told], now=NOW, only_known=False)
