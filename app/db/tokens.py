"""The access that merchants gave us: tokens, encrypted, who may renew them now, and signed tokens that
work once.

Whoever renews holds a claim in the shop's row, not a lock: no transaction is open while the platform is
asked, and a process that dies lets go of it by itself.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from cryptography.fernet import InvalidToken
from sqlalchemy.orm import Session

from app.db import sealing
from app.db.models import FeedRow, Shop, UsedTokenRow
from app.db.statements import affected_rows, insert_new
from app.errors import NeedsMerchant
from app.platforms.base import Grant

RENEWAL = timedelta(seconds=30)
"""Longer than one request to a platform may take (`app.platforms.http`), so that two never overlap."""


def keep_grant(shop: Shop, grant: Grant, keys: Sequence[str], *, now: datetime) -> None:
    """Keep what the platform gave us, encrypted with the newest key. The pair is one row: there is no
    moment at which half of it is new. Ends any renewal that is under way."""
    shop.token_encrypted = sealing.seal(grant.access_token, keys)
    shop.token_until = _until(now, grant.expires_in_s)
    shop.refresh_token_encrypted = (
        sealing.seal(grant.refresh_token, keys) if grant.refresh_token else None
    )
    shop.refresh_until = _until(now, grant.refresh_expires_in_s)
    shop.renewing_owner = shop.renewing_until = None


def _until(now: datetime, after_s: float | None) -> datetime | None:
    return None if after_s is None else now + timedelta(seconds=after_s)


def forget(shop: Shop) -> None:
    """Delete every token of the shop; an answer that is still to come is not kept."""
    shop.token_encrypted = shop.token_until = None
    shop.refresh_token_encrypted = shop.refresh_until = None
    shop.renewing_owner = shop.renewing_until = None


def open_token(shop: Shop, keys: Sequence[str]) -> str:
    """The access token in clear. Raises `NeedsMerchant` if there is none, and `NeedsOperator` if no
    key opens it: a process with the wrong ENCRYPTION_KEYS must not send merchants away."""
    if shop.token_encrypted is None:
        message = f"{shop.domain} has no access token: connect the shop again"
        raise NeedsMerchant(message)
    return sealing.unseal(shop.token_encrypted, keys, whose=f"token of {shop.domain}")


def open_refresh_token(shop: Shop, keys: Sequence[str]) -> str | None:
    """The token that renews the access token; None where the app's own credentials do."""
    sealed = shop.refresh_token_encrypted
    return None if sealed is None else sealing.unseal(sealed, keys, whose=f"token of {shop.domain}")


def begin_renewal(session: Session, shop_id: int, owner: str, *, now: datetime) -> bool:
    """Become the one who asks the platform for new tokens of this shop, unless another one is."""
    free = sa.or_(Shop.renewing_until.is_(None), Shop.renewing_until <= now)
    statement = sa.update(Shop).where(Shop.id == shop_id, free)
    return (
        affected_rows(session, statement.values(renewing_owner=owner, renewing_until=now + RENEWAL)) > 0
    )


def end_renewal(session: Session, shop_id: int, owner: str) -> None:
    """Let go without new tokens, so that the next one may try at once."""
    statement = sa.update(Shop).where(Shop.id == shop_id, Shop.renewing_owner == owner)
    affected_rows(session, statement.values(renewing_owner=None, renewing_until=None))


def keep_renewed(
    session: Session, shop_id: int, owner: str, grant: Grant, keys: Sequence[str], *, now: datetime
) -> bool:
    """Keep what the platform answered, if the claim is still the owner's: a merchant may have installed
    or removed the app meanwhile. Returns whether it was."""
    mine = sa.select(Shop).where(Shop.id == shop_id, Shop.renewing_owner == owner)
    shop = session.scalar(mine.with_for_update(key_share=True))
    if shop is None:
        return False
    keep_grant(shop, grant, keys, now=now)
    return True


def reseal(session: Session, shop_id: int, keys: Sequence[str]) -> bool:
    """Encrypt the shop's tokens and the logins of its feeds anew with the newest key, so that older
    ones can be taken away. Returns whether they could be opened."""
    shop = session.get(Shop, shop_id, with_for_update={"key_share": True})
    if shop is None:
        return True
    feeds = session.scalars(sa.select(FeedRow).where(FeedRow.shop_id == shop_id).with_for_update()).all()
    sealed = (shop.token_encrypted, shop.refresh_token_encrypted)
    try:
        shop.token_encrypted, shop.refresh_token_encrypted = (
            None if one is None else sealing.reseal(one, keys) for one in sealed
        )
        for feed in feeds:
            feed.sealed = sealing.reseal(feed.sealed, keys)
    except InvalidToken:
        return False
    return True


def use_once(session: Session, shop_id: int, jti: str, *, until: datetime, now: datetime) -> bool:
    """Mark a signed token as used; whether this was the first time. Forgets those that are over."""
    over = sa.delete(UsedTokenRow).where(UsedTokenRow.shop_id == shop_id, UsedTokenRow.until <= now)
    session.execute(over)
    return insert_new(session, UsedTokenRow, [{"shop_id": shop_id, "jti": jti, "until": until}]) > 0
