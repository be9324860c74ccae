"""A shop that two pools are known of, and files of purchase orders for it."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from app.db import variants
from app.db.models import ArrivalRow, Event, PoolRow, StockItem
from app.pipeline.arrivals import Bad, Report
from app.pipeline.files.importing import examine_for_shop, import_file, remember_layout
from app.pipeline.files.options import Options
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
        options: Options = Options(),  # noqa: B008 -- frozen
    ) -> Report:
        """Import a file of these lines."""
        content = "\n".join((columns, *lines, "")).encode()
        return self.send_bytes(content, is_rehearsal=is_rehearsal, options=options)

    def send_bytes(
        self,
        content: bytes,
        *,
        is_rehearsal: bool = False,
        options: Options = Options(),  # noqa: B008 -- as above
    ) -> Report:
        """Import a file, and remember what was said of it."""
        self.bad = []
        with self.sessions.begin() as session:
            layout = examine_for_shop(
                session, self.shop_id, lambda: io.BytesIO(content), options=options, now=NOW
            )
        report = import_file(
            self.sessions,
            self.shop_id,
            layout,
            name="po.csv",
            now=NOW,
            is_rehearsal=is_rehearsal,
            on_bad=self.bad.append,
        )
        if not is_rehearsal:
            with self.sessions.begin() as session:
                remember_layout(session, self.shop_id, layout, now=NOW)
        return report

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

    def item(self) -> StockItem:
        """The mug."""
        with self.sessions.begin() as session:
            return session.get_one(StockItem, (self.shop_id, ITEM))


def a_buyer(engine: sa.Engine, *, has_queue: bool = True, places: int = 2) -> Buyer:
    """A shop with blue mugs (MUG-BLUE) at one or two places, for which somebody waits unless told
    otherwise."""
    sessions = sessionmaker(engine, expire_on_commit=False)
    with sessions.begin() as session:
        shop = installed_shop(session)
        known_item(session, shop, has_queue=has_queue)
        pools = [pool(0), pool(0, at=THERE)][:places]
        record_stock(session, shop.id, item_stock(*pools), {})
        return Buyer(sessions, shop.id)


def stock_rises(buyer: Buyer, *, at: int, to: int) -> None:
    """More mugs are at a place."""
    with buyer.sessions.begin() as session:
        where = (PoolRow.shop_id == buyer.shop_id, PoolRow.location_id == at)
        session.execute(sa.update(PoolRow).where(*where).values(supply=to))


def see_item(buyer: Buyer, item_id: int, sku: str) -> None:
    """An order has named another item."""
    with buyer.sessions.begin() as session:
        told = VariantSeen(item_id, item_id, "Towel", sku)
        variants.upsert_variants(session, buyer.shop_id, [told], now=NOW, only_known=False)
