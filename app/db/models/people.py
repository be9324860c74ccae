"""Who may look, and what they keep."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Base


class StaffRow(Base):
    """A person without an account at the platform who may look at one shop, or manage it. Each shop has
    its own password for an address, so that whoever invites somebody to one shop, and may see the link,
    gains nothing in another. There is none until it was set through the one-time link, of which only
    the digest is kept."""

    __tablename__ = "staff"
    __table_args__ = (
        sa.Index("ix_staff_email", "email"),
        sa.Index("ix_staff_link_digest", "link_digest"),
    )

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    email: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    invited_at: Mapped[datetime]
    password_hash: Mapped[str | None]
    link_digest: Mapped[str | None]
    link_until: Mapped[datetime | None]


class SignInRow(Base):
    """What one signed-in browser may see of one shop; the rows of one `digest` are its whole access.
    The browser holds the token, we hold its SHA-256. `subject` is whoever signed in, in the words of
    the place they came from. `done` is what the next page says was done, once."""

    __tablename__ = "sign_ins"
    __table_args__ = (
        sa.Index("ix_sign_ins_digest", "digest"),
        sa.Index("ix_sign_ins_shop_id_subject", "shop_id", "subject"),
    )

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    is_embedded: Mapped[bool]
    began_at: Mapped[datetime]
    used_at: Mapped[datetime]
    done: Mapped[str | None]


class UsedTokenRow(Base):
    """A signed token that the platform means to be used once (its `jti`), kept while it could be used
    again."""

    __tablename__ = "used_tokens"

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    jti: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]


class SavedViewRow(Base):
    """A list of orders that a shop's people want to see again: the arguments of its address."""

    __tablename__ = "saved_views"

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    arguments: Mapped[dict[str, Any]]


class AlertSubscriptionRow(Base):
    """Somebody who gets email about a shop: `kinds` are those of `app.core.alerts.AlertKind`."""

    __tablename__ = "alert_subscriptions"

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    email: Mapped[str] = mapped_column(primary_key=True)
    kinds: Mapped[list[Any]]
    digest: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str]


class AlertToldRow(Base):
    """One thing that somebody was told, so that they are told once (see `app.core.alerts.Finding`)."""

    __tablename__ = "alerts_told"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["shop_id", "email"],
            ["alert_subscriptions.shop_id", "alert_subscriptions.email"],
            ondelete="CASCADE",
        ),
    )

    shop_id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    told_at: Mapped[datetime]
