"""The token with which another system tells a shop's arrivals: one a shop, of which we keep the digest
alone."""

import hashlib
import secrets

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.states import ShopStatus
from app.db.models import Shop

_PREFIX = "backline_"


def renew_token(shop: Shop) -> str:
    """A new token, to be shown once; the one before is void."""
    token = _PREFIX + secrets.token_urlsafe(32)
    shop.api_token_digest = _digest(token)
    return token


def find_shop_by_token(session: Session, token: str) -> Shop | None:
    """The shop that the token is for, removed ones left out."""
    where = (
        Shop.api_token_digest == _digest(token),
        Shop.status.not_in((ShopStatus.REMOVED, ShopStatus.ERASING)),
    )
    return session.scalar(sa.select(Shop).where(*where))


def _digest(token: str) -> str:
    """A token is 256 random bits, so a plain hash can't be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()
