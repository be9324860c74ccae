"""Orders by the numbers people say: 1042 where the shop writes #1042, or EN1042."""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.bounds import LARGEST_ID, read_whole
from app.db.models import Order

_MOST = 20


def names_like(session: Session, shop_id: int, text: str) -> list[str]:
    """How the names may begin of orders that somebody calls by this text: what the newest order has
    before its digits may be left out, or written otherwise."""
    newest = session.scalar(
        sa.select(Order.name)
        .where(Order.shop_id == shop_id)
        .order_by(Order.placed_at.desc(), Order.order_id.desc())
        .limit(1)
    )
    own = _prefix(newest or "")
    beginnings = {text, text.upper(), f"#{text}", f"{own}{text}"}
    digits = text[len(_prefix(text)) :]
    if digits and _bare(_prefix(text)) in ("", _bare(own)):
        beginnings |= {digits, f"#{digits}", f"{own}{digits}"}
    return sorted(beginnings)


def _prefix(name: str) -> str:
    found = re.match(r"\D*", name)
    return found[0] if found else ""


def _bare(prefix: str) -> str:
    """What of it is no sign: EN of #EN-."""
    return re.sub(r"\W", "", prefix).casefold()


def is_numbered(session: Session, shop_id: int, text: str) -> sa.ColumnElement[bool]:
    """The condition that an order's number begins with the text."""
    names = names_like(session, shop_id, text)
    return sa.or_(*(Order.name.startswith(one, autoescape=True) for one in names))


def find_orders(session: Session, shop_id: int, named: str) -> Sequence[Order]:
    """Every order with this number, newest first: after it nothing may follow that makes another number
    of it. Where there is none, the order with this id at the platform."""
    mine = Order.shop_id == shop_id
    names = names_like(session, shop_id, named.strip())
    found = session.scalars(
        sa.select(Order)
        .where(mine, sa.or_(*(Order.name.startswith(one, autoescape=True) for one in names)))
        .order_by(Order.placed_at.desc(), Order.order_id.desc())
        .limit(_MOST)
    )
    same = [order for order in found if _is_whole(order.name, names)]
    order_id = read_whole(named.strip(), least=1, most=LARGEST_ID)
    if same or order_id is None:
        return same
    return session.scalars(sa.select(Order).where(mine, Order.order_id == order_id)).all()


def _is_whole(name: str, beginnings: Sequence[str]) -> bool:
    rests = (name[len(one) :] for one in beginnings if name.startswith(one))
    return any(not rest[:1].isdigit() for rest in rests)
