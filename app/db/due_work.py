"""What shops have to do, by the registry of due work (`app.db.due_sources`): for the sweep over all of
them, and for the worker that looks at one."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.states import ShopStatus
from app.db.due_sources import SOURCES, Condition, DueSource, Step
from app.db.models import Shop

# After a stop of an hour every shop's hourly check is due. So that they are spread over an hour again,
# one sweep rings for no more than this share of the shops, by chance, if they have nothing else to do.
_HOURLY_SHARE = 1 / 160
_HOURLY_AT_LEAST = 20


class DueWork(NamedTuple):
    """What a shop has to do, and what stands in its way. `found`: in the order of `SOURCES`, when each
    is due (None: not), or whether it is now."""

    status: str
    erase_at: datetime | None
    wait_until: datetime | None
    found: Sequence[datetime | bool | None]

    def is_leaving(self, now: datetime) -> bool:
        """Whether every row of the shop is to go now."""
        is_over = self.erase_at is not None and self.erase_at <= now
        return self.status == ShopStatus.ERASING or (self.status == ShopStatus.REMOVED and is_over)

    def steps(self, now: datetime) -> frozenset[Step]:
        """The steps that have something to do and may do it now."""
        may_call = self.status == ShopStatus.ACTIVE and (
            self.wait_until is None or self.wait_until <= now
        )
        due = (
            source.steps
            for source, found in zip(SOURCES, self.found, strict=True)
            if (may_call or not source.calls_platform) and _is_now(found, now)
        )
        return frozenset().union(*due)

    def next_at(self, now: datetime) -> datetime | None:
        """When there is something to do again: now, later, or (None) only when rung."""
        if Step.ABSORB in self.steps(now):
            return now
        if self.status != ShopStatus.ACTIVE:
            return now if self.status == ShopStatus.ERASING else self.erase_at
        moments = (
            _moment(found, now)
            for source, found in zip(SOURCES, self.found, strict=True)
            if source.is_due is not None
        )
        soonest = min((one for one in moments if one is not None), default=None)
        return None if soonest is None else max(soonest, self.wait_until or now, now)


def _moment(found: datetime | bool | None, now: datetime) -> datetime | None:
    if isinstance(found, datetime):
        return found
    return now if found else None


def _is_now(found: datetime | bool | None, now: datetime) -> bool:
    moment = _moment(found, now)
    return moment is not None and moment <= now


def read(session: Session, shop_id: int, *, now: datetime) -> DueWork | None:
    """What this shop has to do, by one read; None for no shop."""
    row = session.execute(_WHAT_IS_DUE, {"shop_id": shop_id, "now": now}).one_or_none()
    if row is None:
        return None
    status, erase_at, wait_until, *found = row
    return DueWork(status, erase_at, wait_until, found)


_WHAT_IS_DUE = sa.select(
    Shop.status, Shop.erase_at, Shop.wait_until, *(source.found.label(source.name) for source in SOURCES)
).where(Shop.id == sa.bindparam("shop_id"))


def shops_with_work(session: Session, *, now: datetime) -> Sequence[int]:
    """Ids of all shops whose next step is due; of those with their hourly check alone to do, some."""
    soon = session.scalars(sa.select(Shop.id).where(_has_work(now))).all()
    most = sa.select(sa.func.count() * _HOURLY_SHARE).select_from(Shop)
    share = max(_HOURLY_AT_LEAST, int(session.scalar(most) or 0))
    hourly = (
        sa.select(Shop.id)
        .where(_may_be_called(now), _any_of(now, lambda source: source.is_spread))
        .order_by(sa.func.random())
        .limit(share)
    )
    return list(dict.fromkeys([*soon, *session.scalars(hourly)]))


def _may_be_called(now: datetime) -> sa.ColumnElement[bool]:
    is_patient = sa.or_(Shop.wait_until.is_(None), Shop.wait_until <= now)
    return sa.and_(Shop.status == ShopStatus.ACTIVE, is_patient)


def _has_work(now: datetime) -> Condition:
    """The condition under which a shop's next step is due, its hourly check aside."""
    due = _any_of(now, lambda source: source.calls_platform and not source.is_spread)
    told = _any_of(now, lambda source: not source.calls_platform)
    going = sa.or_(
        Shop.status == ShopStatus.ERASING,
        sa.and_(Shop.status == ShopStatus.REMOVED, Shop.erase_at <= now),
    )
    return sa.or_(told, sa.and_(_may_be_called(now), due), going)


def _any_of(now: datetime, is_wanted: Callable[[DueSource], bool]) -> Condition:
    return sa.or_(*(one.is_due(now) for one in SOURCES if one.is_due is not None and is_wanted(one)))
