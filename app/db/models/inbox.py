"""The webhooks that came."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import ROW_ID, Base


class DeliveryRow(Base):
    """One webhook delivery as it arrived, reduced to facts. `state` is due, done, ignored or failed
    (`problem` says why). The second constraint drops a delivery sent again under a new id."""

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.UniqueConstraint("shop_id", "delivery_id"),
        sa.UniqueConstraint("shop_id", "topic", "event_id", "body_hash"),
        sa.Index(
            "ix_deliveries_shop_id_due",
            "shop_id",
            "id",
            postgresql_where=sa.text("state = 'due'"),
            sqlite_where=sa.text("state = 'due'"),
        ),
        sa.Index(
            "ix_deliveries_shop_id_failed",
            "shop_id",
            "id",
            postgresql_where=sa.text("state = 'failed'"),
            sqlite_where=sa.text("state = 'failed'"),
        ),
        sa.Index("ix_deliveries_shop_id_received_at", "shop_id", "received_at"),
    )

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"))
    delivery_id: Mapped[str]
    topic: Mapped[str]
    event_id: Mapped[str | None]
    body_hash: Mapped[str]
    triggered_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    facts: Mapped[list[Any]]
    state: Mapped[str]
    problem: Mapped[str | None]
