"""How far a shop's set-up has come, as far as rows say so."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import AlertSubscriptionRow, ArrivalRow, Order, Shop, StaffRow


@dataclass(frozen=True, slots=True)
class SetupFacts:
    """What there is already. `has_order`: one was placed since the shop was connected."""

    has_delivery: bool
    has_staff: bool
    has_alerts: bool
    has_order: bool


def read_setup(session: Session, shop: Shop) -> SetupFacts:
    """By one statement."""
    there = (
        sa.exists().where(ArrivalRow.shop_id == shop.id),
        sa.exists().where(StaffRow.shop_id == shop.id),
        sa.exists().where(AlertSubscriptionRow.shop_id == shop.id),
        sa.exists().where(Order.shop_id == shop.id, Order.placed_at >= shop.installed_at),
    )
    return SetupFacts(*map(bool, session.execute(sa.select(*there)).one()))
