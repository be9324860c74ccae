"""Who may look at a shop: people who were invited, and browsers that are signed in.

Tokens are never stored, only their SHA-256: they are random enough that nothing slower is needed.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.states import ShopStatus
from app.db.models import Shop, SignInRow, StaffRow
from app.db.statements import affected_rows

LINK_LIFE = timedelta(hours=72)
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
_NOTICE_USE = timedelta(minutes=1)
_GONE = (ShopStatus.REMOVED, ShopStatus.ERASING)
_ADDRESS = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\".]+")
_LONGEST_ADDRESS = 254


class Role(StrEnum):
    """What somebody may do in a shop."""

    LOOK = "look"
    MANAGE = "manage"

    def covers(self, wanted: "Role") -> bool:
        """Whether whoever has this role may do what `wanted` asks for."""
        return self is Role.MANAGE or wanted is Role.LOOK


@dataclass(frozen=True)
class Access:
    """One shop that a signed-in browser may see."""

    sign_in: SignInRow
    platform: str
    domain: str


def make_token() -> str:
    """256 random bits, for a cookie or a link."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def read_address(text: str) -> str | None:
    """An e-mail address as it is kept and compared, or None for what can't be one."""
    address = text.strip().casefold()
    is_one = len(address) <= _LONGEST_ADDRESS and address.isprintable() and _ADDRESS.fullmatch(address)
    return address if is_one else None


# People


def subject_of(email: str) -> str:
    """How invited staff are named in their sign-ins."""
    return f"staff:{email}"


def invite(session: Session, shop_id: int, email: str, *, role: Role, now: datetime) -> str:
    """Let somebody set a password through a link; returns its token. Inviting again changes the role
    and replaces the link; a password that is set stays until the new link is used."""
    row = session.get(StaffRow, (shop_id, email)) or StaffRow(shop_id=shop_id, email=email)
    token = make_token()
    row.role, row.invited_at = role, now
    row.link_digest, row.link_until = digest_of(token), now + LINK_LIFE
    session.add(row)
    end_sign_ins(session, shop_id, subject=subject_of(email))
    session.flush()
    return token


def find_invited(session: Session, token: str, *, now: datetime) -> StaffRow | None:
    """Whose link this is, while it can be used."""
    return session.scalar(
        sa.select(StaffRow).where(StaffRow.link_digest == digest_of(token), StaffRow.link_until > now)
    )


def use_link(session: Session, token: str, password_hash: str, *, now: datetime) -> StaffRow | None:
    """Whoever holds the link sets the password of that shop; returns their row, or None if the link is
    used up by now. Their browsers are signed out of the shop."""
    row = find_invited(session, token, now=now)
    if row is None:
        return None
    taken = (
        sa.update(StaffRow)
        .where(StaffRow.shop_id == row.shop_id, StaffRow.link_digest == digest_of(token))
        .values(password_hash=password_hash, link_digest=None, link_until=None)
    )
    if not affected_rows(session, taken):
        return None
    end_sign_ins(session, row.shop_id, subject=subject_of(row.email))
    session.refresh(row)
    return row


def replace_hash(session: Session, email: str, before: str, after: str) -> None:
    """Keep the same password of an address in another form."""
    session.execute(
        sa.update(StaffRow)
        .where(StaffRow.email == email, StaffRow.password_hash == before)
        .values(password_hash=after)
    )


def memberships(session: Session, email: str) -> Sequence[StaffRow]:
    """The rows of an address of all shops that are there, where a password is set."""
    return session.scalars(
        sa.select(StaffRow)
        .join(Shop, Shop.id == StaffRow.shop_id)
        .where(StaffRow.email == email, StaffRow.password_hash.is_not(None), Shop.status.not_in(_GONE))
        .order_by(StaffRow.shop_id)
    ).all()


def list_staff(session: Session, shop_id: int) -> Sequence[StaffRow]:
    """Everybody who was invited to the shop."""
    return session.scalars(
        sa.select(StaffRow).where(StaffRow.shop_id == shop_id).order_by(StaffRow.email)
    ).all()


def forget_all(session: Session, shop_id: int) -> int:
    """Nobody is invited any more: passwords and links of the shop are void. Returns how many were."""
    return affected_rows(session, sa.delete(StaffRow).where(StaffRow.shop_id == shop_id))


def revoke(session: Session, shop_id: int, email: str) -> bool:
    """Nothing of the shop for this person any more, at once; whether there was such a person."""
    end_sign_ins(session, shop_id, subject=subject_of(email))
    person = sa.delete(StaffRow).where(StaffRow.shop_id == shop_id, StaffRow.email == email)
    return affected_rows(session, person) > 0


# Browsers


def add_sign_in(
    session: Session,
    roles: Mapping[int, Role],
    *,
    subject: str,
    name: str,
    is_embedded: bool,
    now: datetime,
) -> str:
    """Sign a browser in for these shops; returns its token. Forgets whoever's time is over."""
    token = make_token()
    session.execute(sa.delete(SignInRow).where(_is_over(now)))
    session.add_all(
        SignInRow(
            shop_id=shop_id,
            digest=digest_of(token),
            subject=subject,
            name=name,
            role=role,
            is_embedded=is_embedded,
            began_at=now,
            used_at=now,
        )
        for shop_id, role in roles.items()
    )
    session.flush()
    return token


def find_sign_in(session: Session, digest: str, *, now: datetime) -> Sequence[Access]:
    """What the browser may see now: nothing if it is unknown, signed out, was idle for 12 hours, or
    signed in 7 days ago."""
    rows = session.execute(
        sa.select(SignInRow, Shop.platform, Shop.domain)
        .join(Shop, Shop.id == SignInRow.shop_id)
        .where(SignInRow.digest == digest, sa.not_(_is_over(now)), Shop.status.not_in(_GONE))
        .order_by(SignInRow.shop_id)
    )
    return [Access(row, platform, domain) for row, platform, domain in rows]


def notice_use(session: Session, access: Sequence[Access], *, now: datetime) -> None:
    """The idle time begins anew, written at most once a minute."""
    used_at, digest = access[0].sign_in.used_at, access[0].sign_in.digest
    if used_at + _NOTICE_USE <= now:
        session.execute(sa.update(SignInRow).where(SignInRow.digest == digest).values(used_at=now))


def keep_done(session: Session, digest: str, done: str | None) -> None:
    """What the browser's next page says was done; None once it is said."""
    session.execute(sa.update(SignInRow).where(SignInRow.digest == digest).values(done=done))


def end_sign_in(session: Session, digest: str) -> None:
    """Sign one browser out."""
    session.execute(sa.delete(SignInRow).where(SignInRow.digest == digest))


def end_sign_ins(session: Session, shop_id: int, *, subject: str | None = None) -> int:
    """Sign a person out of the shop, or (without `subject`) everybody; how many browsers that were."""
    wanted = [SignInRow.shop_id == shop_id]
    if subject is not None:
        wanted.append(SignInRow.subject == subject)
    return affected_rows(session, sa.delete(SignInRow).where(*wanted))


def _is_over(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(SignInRow.used_at <= now - IDLE, SignInRow.began_at <= now - LONGEST)
