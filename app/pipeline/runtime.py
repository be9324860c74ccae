"""What a process of ours works with, built once by its entry point, and what it does with it."""

import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial

import sqlalchemy as sa
import structlog
from redis import Redis
from sqlalchemy.orm import Session, sessionmaker

from app.core.retention import Retention
from app.db import due_work, set_back
from app.db.engine import open_database
from app.db.models import Shop
from app.mail import send_mail
from app.pipeline import doorbell
from app.pipeline.advance import BUSY_S, SLICE, advance
from app.pipeline.feeds.access import FeedAccess
from app.pipeline.feeds.network import Network
from app.pipeline.tokens import Tokens
from app.platforms import registry
from app.platforms.base import Credentials, Grant, Platform
from app.platforms.http import Http
from app.platforms.registry import Outside
from app.services import open_redis
from app.settings import Settings, SettingsError
from app.shared_clock import SharedClock

# A platform that takes so long for an answer holds its shop's thread up.
_SLOW_ANSWER_S = 1.0
# A shop of the quick queue calls its platform no more after so long: it goes on in the long one.
_QUICK_TURN_S = 4.0

log = structlog.get_logger()


def utc_now() -> datetime:
    """The clock of a real process."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Runtime:
    """The settings, the database, Redis and the way to the platforms."""

    settings: Settings
    engine: sa.Engine
    redis: Redis
    http: Http
    clock: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    network: Network = field(default_factory=Network)

    def __post_init__(self) -> None:
        """What time platforms tell is compared with the clock of whoever calls them."""
        self._go_by_our_clock()

    def _go_by_our_clock(self) -> None:
        self.http.clock = self.clock

    @property
    def feed_access(self) -> FeedAccess:
        """What feeds are read with."""
        settings = self.settings
        mail = partial(send_mail, settings) if settings.smtp_url else None
        return FeedAccess(settings.encryption_keys, self.network, mail)

    @cached_property
    def sessions(self) -> sessionmaker[Session]:
        """Sessions on the database; a row stays readable after its transaction."""
        return sessionmaker(self.engine, expire_on_commit=False)

    def connect(self, shop: Shop) -> Platform:
        """The shop's platform, with a token that is renewed when it must be. Raises `NeedsMerchant` if
        there is none."""
        access = self.tokens
        credentials = Credentials(
            shop.id,
            shop.domain,
            access.current(shop),
            renew=lambda refused: access.renewed(shop.id, refused),
        )
        return self.connect_with(shop.platform, credentials)

    def connect_with(self, platform: str, credentials: Credentials) -> Platform:
        """A platform by credentials that need not be stored."""
        return registry.connect(platform, credentials, self.settings, self._outside())

    @property
    def tokens(self) -> Tokens:
        """The access tokens of installed shops."""
        keys = self.settings.encryption_keys
        return Tokens(self.sessions, keys, self.clock, self.sleep, ask=self.fetch_access)

    def fetch_access(self, platform: str, domain: str, refresh_token: str | None = None) -> Grant:
        """New tokens for a shop. Raises `NeedsMerchant` if the platform gives none."""
        return registry.renew_access(platform, domain, refresh_token, self.settings, self._outside())

    def _outside(self) -> Outside:
        self._go_by_our_clock()  # another runtime may have called since, where two share connections
        return Outside(self.http, self.redis, clock=lambda: self.clock().timestamp(), sleep=self.sleep)


def build_runtime(settings: Settings) -> Runtime:
    """Everything a process needs; nothing is connected before it is used."""
    if settings.redis_url is None:
        raise SettingsError(
            "REDIS_URL is not set: only `backline up` and `backline demo` start a Redis of their own"
        )
    return open_with(settings, open_redis(settings.redis_url))


def open_with(settings: Settings, redis: Redis) -> Runtime:
    """The same with a Redis that was found."""
    clock = SharedClock()
    engine = open_database(
        settings.database_url, connections=settings.database_connections, hear=clock.hear
    )
    return Runtime(settings, engine, redis, Http(), clock=clock)


def advance_shop(runtime: Runtime, shop_id: int) -> None:
    """Answer the doorbell: work on the shop, and have it rung again when it next has something to do. A
    shop whose slices take long is sent where that holds nobody up."""
    if doorbell.answer(runtime.redis, shop_id):
        doorbell.ring_long(runtime.redis, shop_id)
    else:
        _take_turn(runtime, shop_id, was_long=False)


def continue_shop(runtime: Runtime, shop_id: int) -> None:
    """Work on a shop whose slices take long."""
    doorbell.answer_long(runtime.redis, shop_id)
    _take_turn(runtime, shop_id, was_long=True)


def _take_turn(runtime: Runtime, shop_id: int, *, was_long: bool) -> None:
    """A slice of work. Those that hold a thread for long are the shops that have more to do when it is
    over, and those whose platform is slow; not those that had to wait for a busy machine."""
    began = runtime.clock()
    with runtime.http.turn(None if was_long else _QUICK_TURN_S) as turn:
        again_s = work_on_shop(runtime, shop_id)
        if again_s == BUSY_S:
            again_s = _leave_to_another(runtime, shop_id)
    is_unfinished = again_s == 0 and runtime.clock() - began >= SLICE
    is_long = is_unfinished or turn.is_cut or turn.slowest_s >= _SLOW_ANSWER_S
    if is_long or was_long:
        doorbell.note_pace(runtime.redis, shop_id, is_long=is_long)
    if again_s == 0 and is_long:
        doorbell.ring_long(runtime.redis, shop_id)
    elif again_s is not None and again_s <= doorbell.SWEEP_S:
        doorbell.ring(runtime.redis, shop_id, after_s=again_s)


def _leave_to_another(runtime: Runtime, shop_id: int) -> float | None:
    """Have a shop that somebody works on hushed for longer. Whoever let go of it just before that has
    had the last look already: then it is ours, and nobody else would end the hush."""
    doorbell.hush(runtime.redis, shop_id)
    again_s = work_on_shop(runtime, shop_id)
    if again_s != BUSY_S:
        doorbell.let_go(runtime.redis, shop_id)
        again_s = work_on_shop(runtime, shop_id)
    return again_s


def work_on_shop(runtime: Runtime, shop_id: int) -> float | None:
    """One slice of work on a shop (see `advance`)."""
    return advance(
        shop_id,
        owner=_worker_name(),
        sessions=runtime.sessions,
        connect=runtime.connect,
        clock=runtime.clock,
        app_url=runtime.settings.app_url,
        answered=runtime.http.answered,
        bounds_of_skew=runtime.http.skew,
        retention=_retention(runtime.settings),
        feed_access=runtime.feed_access,
        taken=partial(doorbell.hush, runtime.redis, shop_id),
        let_go=partial(doorbell.let_go, runtime.redis, shop_id),
    )


def _retention(settings: Settings) -> Retention:
    return Retention(
        deliveries=timedelta(days=settings.deliveries_kept_days),
        failed_deliveries=timedelta(days=settings.failed_deliveries_kept_days),
        events=timedelta(days=settings.events_kept_days),
        orders=timedelta(days=settings.orders_kept_days),
        released_orders=timedelta(days=settings.released_orders_kept_days),
    )


def ring_shops_with_work(runtime: Runtime) -> int:
    """The sweep: ring every shop that has anything due, whatever became of earlier rings. Returns how
    many were rung."""
    now = runtime.clock()
    with runtime.sessions.begin() as session:
        if ahead := set_back.bring_forward(session, now=now):
            log.warning("the clock was set back: everything is looked at again", shops=len(ahead))
    with runtime.sessions.begin() as session:
        due = due_work.shops_with_work(session, now=now)
    return len(due) if doorbell.ring_all(runtime.redis, due) else 0


def _worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
