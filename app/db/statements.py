"""Statements that SQLAlchemy spells differently for the two databases we run on, and row counts."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, cast

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

_ROWS_AT_ONCE = 500

# PostgreSQL takes 65,535 values in one statement.
_IDS_AT_ONCE = 10_000


def insert_new(session: Session, table: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows that break no unique constraint; returns how many went in."""
    done = 0
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        statement = _insert(session, table, rows[start : start + _ROWS_AT_ONCE]).on_conflict_do_nothing()
        done += len(session.execute(statement.returning(*table.__table__.primary_key)).all())
    return done


def insert_if_new(session: Session, table: sa.FromClause) -> sa.Insert:
    """An insert for many rows given beside it, which skips those that break a unique constraint. Unlike
    `insert_new` it is compiled once however many there are, and does not say how many went in."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    target = cast("sa.Table", table)
    statement = postgresql.insert(target) if is_postgresql else sqlite.insert(target)
    return statement.on_conflict_do_nothing()


def upsert(session: Session, table: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows, or overwrite the given columns of those whose primary key is there."""
    keys = [column.name for column in table.__table__.primary_key]
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        statement = _insert(session, table, rows[start : start + _ROWS_AT_ONCE])
        values = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))


def put_rows(
    session: Session,
    table: type[DeclarativeBase],
    rows: Sequence[Mapping[str, Any]],
    *,
    overwrite: tuple[str, ...] = (),
) -> None:
    """Insert many rows of the same columns, no two with the same primary key; of those that are there,
    overwrite these columns. PostgreSQL takes them as one JSON text, by a statement that is the same for
    any number of rows: that is a quarter of the work of a row of parameters for each."""
    if not rows:
        return
    target = cast("sa.Table", table.__table__)
    names = tuple(rows[0])
    if session.get_bind().dialect.name == "postgresql":
        text = msgspec.json.encode(rows).decode()
        session.execute(_put_json(target, names, overwrite), {"rows": text})
    else:
        session.execute(_on_conflict(sqlite.insert(target), target, overwrite), rows)


@cache
def _put_json(target: sa.Table, names: tuple[str, ...], overwrite: tuple[str, ...]) -> sa.Executable:
    told = (
        sa.func.json_to_recordset(sa.text("CAST(:rows AS json)"))
        .table_valued(*(sa.column(name, target.c[name].type) for name in names))
        .render_derived(name="told", with_types=True)
    )
    insert = postgresql.insert(target).from_select(
        list(names), sa.select(*(told.c[name] for name in names))
    )
    return _on_conflict(insert, target, overwrite)


def _on_conflict(
    insert: postgresql.Insert | sqlite.Insert, target: sa.Table, overwrite: tuple[str, ...]
) -> postgresql.Insert | sqlite.Insert:
    if not overwrite:
        return insert.on_conflict_do_nothing()
    return insert.on_conflict_do_update(
        index_elements=list(target.primary_key),
        set_={name: insert.excluded[name] for name in overwrite},
    )


def _insert(
    session: Session, table: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]
) -> postgresql.Insert | sqlite.Insert:
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    statement = postgresql.insert(table) if is_postgresql else sqlite.insert(table)
    return statement.values(list(rows))


AT_ONCE = 1000
"""Rows that one step of a long deletion takes."""


def delete_some(session: Session, table: type[DeclarativeBase], key: Any, where: Sequence[Any]) -> int:
    """Delete the first rows, by `key`, that are so; at most `AT_ONCE`. Returns how many."""
    oldest = sa.select(key).where(*where).order_by(key).limit(AT_ONCE)
    # MATERIALIZED by itself: a limited subquery is read before anything is deleted.
    return affected_rows(session, sa.delete(table).where(*where, key.in_(oldest)))


def affected_rows(session: Session, statement: sa.Update | sa.Delete) -> int:
    """Run the statement; how many rows it changed."""
    done = session.execute(statement.execution_options(synchronize_session=False))
    return cast("sa.CursorResult[Any]", done).rowcount


def chunks(ids: Collection[int]) -> Iterator[Collection[int]]:
    """Ids in portions that one statement takes; nothing for none."""
    ordered = list(ids)
    for start in range(0, len(ordered), _IDS_AT_ONCE):
        yield ordered[start : start + _IDS_AT_ONCE]
