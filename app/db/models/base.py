"""What all tables have in common: how moments, ids and names of constraints are kept."""

from datetime import UTC, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from app.core.bounds import within_reach


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. SQLite forgets the zone; this puts it back."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuses a naive datetime, which would silently mean another moment elsewhere."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"A naive datetime can't be stored: {value!r}"
            raise ValueError(message)
        return within_reach(value)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """SQLite gives back a naive UTC value; what was kept before moments had bounds has them now."""
        if value is None:
            return None
        return within_reach(value.replace(tzinfo=UTC) if value.tzinfo is None else value)


class Base(DeclarativeBase):
    """Constraint names are spelled out, so that migrations can name them on both databases."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: UtcDateTime(),
        int: sa.BigInteger(),
        dict[str, Any]: sa.JSON(),
        list[Any]: sa.JSON(),
    }


# SQLite numbers rows by itself only for a key declared INTEGER.
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
