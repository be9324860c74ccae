"""What one pass over a shop works with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.orm import Session, sessionmaker

from app.core.retention import USUAL, Retention
from app.core.skew import Bounds, Learner
from app.db import shops
from app.db.models import Shop
from app.db.statements import commit_each
from app.pipeline.feeds.access import FeedAccess
from app.platforms.base import Glance, Platform


@dataclass(frozen=True, slots=True)
class Ahead:
    """What was read of orders before they were known to be due: when, and how many calls the platform
    had answered by then."""

    glance: Glance
    asked_at: datetime
    answered: int


# How old the lease may become while nothing but reads are made: far less than it lasts.
_RENEW_AFTER = timedelta(seconds=10)


@dataclass
class ShopContext:
    """One shop, its platform, the database and the clock (aware datetimes). `owner` holds the lease,
    which was last written at `kept_at`; `app_url` is where platforms reach us, `answered` counts the
    calls that the platform has served, `bounds_of_skew` tells how far the last of them lets its clock be
    ahead of ours."""

    shop_id: int
    owner: str
    sessions: sessionmaker[Session]
    connect: Callable[[Shop], Platform]
    clock: Callable[[], datetime]
    app_url: str
    retention: Retention = USUAL
    feed_access: FeedAccess = field(default_factory=FeedAccess)
    kept_at: datetime | None = None
    _met: Shop | None = None
    answered: Callable[[], int] = int
    bounds_of_skew: Callable[[], Bounds | None] = lambda: None
    ahead: Ahead | None = None
    _connected_at: datetime | None = None
    _skew: Learner = field(default_factory=Learner)
    _heard: int = field(init=False)

    def __post_init__(self) -> None:
        """What was answered before is of another shop."""
        self._heard = self.answered()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction that commits only while the lease is ours. Raises `LeaseLostError`."""
        with self.sessions.begin() as session:
            self._keep_lease(session)
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads, so that the disk need not be waited for: whoever goes by what it
        finds writes in a transaction that holds the lease. It renews a lease that has grown old, and
        raises `LeaseLostError` then."""
        with self.sessions.begin() as session:
            commit_each(session)
            if self.kept_at is None or abs(self.clock() - self.kept_at) > _RENEW_AFTER:
                self._keep_lease(session)
            yield session

    def _keep_lease(self, session: Session) -> None:
        now = self.clock()
        known_s = shops.keep_lease(session, self.shop_id, self.owner, now=now)
        self.kept_at = now
        self._learn_skew(session, known_s)

    def _learn_skew(self, session: Session, known_s: float | None) -> None:
        """Whatever compares the platform's moments with ours reads the skew from the shop's row: it is
        kept before the answer that told it is worked on."""
        count = self.answered()
        told = self.bounds_of_skew() if count != self._heard else None
        self._heard, self._skew.known_s = count, known_s
        if told is not None and self._skew.hear(told) != known_s:
            shops.keep_skew(session, self.shop_id, self._skew.known_s)

    def read_shop(self) -> Shop:
        """The shop's row as it is now, to be read alone."""
        with self.reading() as session:
            shop = shops.get_shop(session, self.shop_id)
        self._met = self._met or shop
        return shop

    @cached_property
    def platform(self) -> Platform:
        """The shop's platform; connected when it is first needed, since much of the work needs none.
        Raises `NeedsMerchant` if there is no token, `TryLater` while it is being renewed."""
        shop = self._met or self.read_shop()
        self._connected_at = shop.installed_at
        return self.connect(shop)

    @property
    def webhooks_url(self) -> str:
        """Where the shop's platform sends its webhooks."""
        shop = self._met or self.read_shop()
        return f"{self.app_url}/webhooks/{shop.platform}"

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
