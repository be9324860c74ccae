"""Lists of orders that a shop's people want to see again, by name."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import SavedViewRow
from app.db.statements import upsert

LONGEST_NAME = 60
_MOST = 30


def list_views(session: Session, shop_id: int) -> Sequence[SavedViewRow]:
    """The shop's views, by name."""
    where = SavedViewRow.shop_id == shop_id
    statement = sa.select(SavedViewRow).where(where).order_by(SavedViewRow.name).limit(_MOST)
    return session.scalars(statement).all()


def save_view(session: Session, shop_id: int, name: str, arguments: Sequence[tuple[str, str]]) -> None:
    """Keep a list by its address's arguments; one of the same name is replaced."""
    row = {"shop_id": shop_id, "name": name, "arguments": dict(arguments)}
    upsert(session, SavedViewRow, [row])


def delete_view(session: Session, shop_id: int, name: str) -> None:
    """Forget one."""
    where = (SavedViewRow.shop_id == shop_id, SavedViewRow.name == name)
    session.execute(sa.delete(SavedViewRow).where(*where))
