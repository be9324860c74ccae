"""Who of a shop gets email alerts, and what each was told already."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.alerts import AlertKind, Digest
from app.core.states import ShopStatus
from app.db.audit import record_event
from app.db.models import AlertSubscriptionRow, AlertToldRow, Shop
from app.db.statements import insert_new, upsert

MOST = 50
"""So many people of one shop can get alerts."""


def list_subscriptions(session: Session, shop_id: int) -> Sequence[AlertSubscriptionRow]:
    """Everybody of the shop who gets alerts, by address."""
    statement = (
        sa.select(AlertSubscriptionRow)
        .where(AlertSubscriptionRow.shop_id == shop_id)
        .order_by(AlertSubscriptionRow.email)
    )
    return session.scalars(statement).all()


def subscribe(
    session: Session,
    shop_id: int,
    email: str,
    *,
    kinds: Collection[AlertKind],
    digest: Digest,
    by: str,
    now: datetime,
) -> None:
    """Send somebody these from now on, in place of what they got before."""
    row = {
        "shop_id": shop_id,
        "email": email,
        "kinds": sorted(kinds),
        "digest": digest.value,
        "created_at": now,
        "created_by": by,
    }
    upsert(session, AlertSubscriptionRow, [row])
    record_event(
        session, shop_id, "setting changed", at=now, after="email alerts changed", why=f"set by {by}"
    )


def unsubscribe(session: Session, shop_id: int, email: str, *, by: str, now: datetime) -> bool:
    """Send them nothing more; whether they got anything."""
    row = session.get(AlertSubscriptionRow, (shop_id, email))
    if row is None:
        return False
    session.delete(row)
    record_event(
        session, shop_id, "setting changed", at=now, after="email alerts stopped", why=f"set by {by}"
    )
    return True


def shops_with_subscriptions(session: Session) -> Sequence[int]:
    """Ids of the shops of which somebody gets alerts. A shop that was removed is told about no more."""
    statement = (
        sa.select(AlertSubscriptionRow.shop_id)
        .join(Shop, Shop.id == AlertSubscriptionRow.shop_id)
        .where(Shop.status.not_in((ShopStatus.REMOVED, ShopStatus.ERASING)))
        .distinct()
        .order_by(AlertSubscriptionRow.shop_id)
    )
    return session.scalars(statement).all()


def told_keys(session: Session, shop_id: int, email: str) -> set[str]:
    """What somebody was told."""
    where = (AlertToldRow.shop_id == shop_id, AlertToldRow.email == email)
    return set(session.scalars(sa.select(AlertToldRow.key).where(*where)))


def claim(session: Session, shop_id: int, email: str, keys: Collection[str], *, now: datetime) -> bool:
    """Remember that somebody is being told these, all of them or none: another clock may be telling one
    already. Whether they are ours to tell."""
    rows = [{"shop_id": shop_id, "email": email, "key": key, "told_at": now} for key in keys]
    with session.begin_nested() as attempt:
        if insert_new(session, AlertToldRow, rows) == len(rows):
            return True
        attempt.rollback()
    return False


def forget(session: Session, shop_id: int, email: str, keys: Collection[str]) -> None:
    """Tell them again, should it come back; or at once, where the mail did not leave."""
    where = (AlertToldRow.shop_id == shop_id, AlertToldRow.email == email, AlertToldRow.key.in_(keys))
    session.execute(sa.delete(AlertToldRow).where(*where))
