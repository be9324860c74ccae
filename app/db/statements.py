"""Statements that SQLAlchemy spells differently for the two databases we run on, and row counts."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, NamedTuple, Self, TypeAlias, TypeVar, cast

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.compiler import SQLCompiler

_T = TypeVar("_T")

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


class _Many(sa.TypeDecorator[Collection[int] | Collection[str]]):
    """Many ids, or texts, as one value."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, *, is_text: bool) -> None:
        super().__init__()
        self.is_text = is_text

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """An array where there are arrays, else a JSON text."""
        if dialect.name == "postgresql":
            of_one = sa.Text() if self.is_text else sa.BigInteger()
            return dialect.type_descriptor(postgresql.ARRAY(of_one))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(
        self, value: Collection[int] | Collection[str] | None, dialect: sa.Dialect
    ) -> Any:
        """As the database takes them."""
        values = list(value or ())
        return values if dialect.name == "postgresql" else msgspec.json.encode(values).decode()


class _IsOneOf(sa.sql.functions.FunctionElement[bool]):
    """A column and its `_Many`."""

    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Self:
        """As it is: no index is used for what is compared with 1, as SQLite's booleans else are."""
        return self


@compiles(_IsOneOf, "postgresql")
def _as_array(element: _IsOneOf, compiler: SQLCompiler, **how: Any) -> str:
    column, ids = (compiler.process(clause, **how) for clause in element.clauses)
    return f"({column} = ANY ({ids}))"


@compiles(_IsOneOf, "sqlite")
def _as_json(element: _IsOneOf, compiler: SQLCompiler, **how: Any) -> str:
    column, ids = (compiler.process(clause, **how) for clause in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({ids})))"  # noqa: S608 -- the compiler's own words


def is_one_of(column: Any, values: Collection[int] | Collection[str]) -> sa.ColumnElement[bool]:
    """That the column is one of these ids, or of these texts: one value in the statement however many
    they are, so that it is compiled once; with `in_` a thousand ids are half of the work of a batch."""
    many = _Many(is_text=isinstance(column.type, sa.String))
    return _IsOneOf(column, sa.bindparam(None, values, many, unique=True))


class _DayOf(sa.sql.functions.FunctionElement[date]):
    """A moment and an offset in seconds."""

    type = sa.Date()
    inherit_cache = True


@compiles(_DayOf, "postgresql")
def _day_by_interval(element: _DayOf, compiler: SQLCompiler, **how: Any) -> str:
    moment, offset = (compiler.process(clause, **how) for clause in element.clauses)
    return f"CAST(timezone('UTC', {moment}) + {offset} * interval '1 second' AS date)"


@compiles(_DayOf, "sqlite")
def _day_by_modifier(element: _DayOf, compiler: SQLCompiler, **how: Any) -> str:
    moment, offset = (compiler.process(clause, **how) for clause in element.clauses)
    return f"date({moment}, {offset} || ' seconds')"


def day_of(moment: Any, offset_s: int) -> sa.ColumnElement[date]:
    """The day of a moment where the clocks are so many seconds ahead of UTC."""
    return _DayOf(moment, sa.literal(offset_s))


class _AddDays(sa.sql.functions.FunctionElement[date]):
    """A day and a number of days."""

    type = sa.Date()
    inherit_cache = True


@compiles(_AddDays, "postgresql")
def _days_added(element: _AddDays, compiler: SQLCompiler, **how: Any) -> str:
    day, days = (compiler.process(clause, **how) for clause in element.clauses)
    return f"({day} + CAST({days} AS integer))"


@compiles(_AddDays, "sqlite")
def _days_by_modifier(element: _AddDays, compiler: SQLCompiler, **how: Any) -> str:
    day, days = (compiler.process(clause, **how) for clause in element.clauses)
    return f"date({day}, {days} || ' days')"


def add_days(day: Any, days: int) -> sa.ColumnElement[date]:
    """So many days later."""
    return _AddDays(day, sa.literal(days))


AT_ONCE = 1000
"""Rows that one step of a long deletion takes."""


def commit_each(session: Session) -> None:
    """Have PostgreSQL commit each statement of this session when it has answered: a transaction of one
    statement needs no journey for its begin and none for its end. SQLite takes its lock as ever."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})


Given: TypeAlias = _T | sa.BindParameter[_T]
"""A value, or the name of one that is told when the statement is run."""


class Rows(NamedTuple):
    """Rows of one table that are so, in the order of `key`."""

    table: type[DeclarativeBase]
    key: Any
    where: Sequence[Any]


def which_exist(kinds: Iterable[Rows]) -> sa.Select[Any]:
    """The read that tells of each kind of rows whether there is one."""
    found: list[Any] = [sa.exists().where(*kind.where) for kind in kinds]
    return sa.select(*found)


def delete_some(session: Session, rows: Rows, told: Mapping[str, Any] | None = None) -> int:
    """Delete the first of the rows; at most `AT_ONCE`. Returns how many."""
    oldest = sa.select(rows.key).where(*rows.where).order_by(rows.key).limit(AT_ONCE)
    # MATERIALIZED by itself: a limited subquery is read before anything is deleted.
    return affected_rows(session, sa.delete(rows.table).where(*rows.where, rows.key.in_(oldest)), told)


def affected_rows(
    session: Session, statement: sa.Update | sa.Delete, told: Mapping[str, Any] | None = None
) -> int:
    """Run the statement; how many rows it changed."""
    done = session.execute(statement, told, execution_options={"synchronize_session": False})
    return cast("sa.CursorResult[Any]", done).rowcount


def chunks(ids: Collection[int]) -> Iterator[Collection[int]]:
    """Ids in portions that one statement takes; nothing for none."""
    ordered = list(ids)
    for start in range(0, len(ordered), _IDS_AT_ONCE):
        yield ordered[start : start + _IDS_AT_ONCE]
