"""What one pass over a shop works with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.orm import Session, sessionmaker

from app.core.retention import USUAL, Retention
from app.db import shops
from app.db.models import Shop
from app.pipeline.feeds.access import FeedAccess
from app.platforms.base import Platform


@dataclass
class ShopContext:
    """One shop, its platform, the database and the clock (aware datetimes). `owner` holds the lease;
    `app_url` is where platforms reach us."""

    shop_id: int
    owner: str
    sessions: sessionmaker[Session]
    connect: Callable[[Shop], Platform]
    clock: Callable[[], datetime]
    app_url: str
    retention: Retention = USUAL
    feed_access: FeedAccess = field(default_factory=FeedAccess)
    _connected_at: datetime | None = None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction that commits only while the lease is ours. Raises `LeaseLostError`."""
        with self.sessions.begin() as session:
            shops.keep_lease(session, self.shop_id, self.owner, now=self.clock())
            yield session

    @cached_property
    def platform(self) -> Platform:
        """The shop's platform; connected when it is first needed, since much of the work needs none.
        Raises `NeedsMerchant` if there is no token, `TryLater` while it is being renewed."""
        with self.transaction() as session:
            shop = shops.get_shop(session, self.shop_id)
        self._connected_at = shop.installed_at
        return self.connect(shop)

    def is_replaced(self, session: Session) -> bool:
        """Whether the merchant gave us access anew since this one connected: what the platform refused
        was of before."""
        shop = shops.get_shop(session, self.shop_id)
        return self._connected_at not in (None, shop.installed_at)


def zone_of(name: str) -> ZoneInfo:
    """A shop's time zone. One that this machine does not know counts as UTC."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def local_day(moment: datetime, time_zone: str) -> date:
    """The day it is in the shop."""
    return moment.astimezone(zone_of(time_zone)).date()
