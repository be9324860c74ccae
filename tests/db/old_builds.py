"""What a migration may not do, since the build before goes on working while it runs and after it.

Each rule is about what that build relies on: every table and column that it names, of the type that it
knows, and every row that it writes and deletes.
"""

from collections.abc import Iterator

import sqlalchemy as sa


def broken(before: sa.MetaData, after: sa.MetaData) -> list[str]:
    """What the build before can't live with, in words: what it knows is `before`, what it finds
    `after`."""
    return [*_of_known_tables(before, after), *_of_new_tables(before, after)]


def _of_known_tables(before: sa.MetaData, after: sa.MetaData) -> Iterator[str]:
    for name, old in before.tables.items():
        new = after.tables.get(name)
        if new is None:
            yield f"{name} is gone"
            continue
        for column in old.columns:
            yield from _of_column(column, new.columns.get(column.name))
        for column in new.columns:
            if column.name not in old.columns and _must_be_named(column):
                yield f"{column} must be named, and the build before does not know it"
        yield from _of_constraints(old, new)


def _of_column(old: sa.Column[object], new: sa.Column[object] | None) -> Iterator[str]:
    if new is None:
        yield f"{old} is gone"
        return
    if str(old.type) != str(new.type):
        yield f"{old} was {old.type} and is {new.type}"
    if old.nullable and not new.nullable:
        yield f"{old} may be empty no more"
    if _must_be_named(new) and not _must_be_named(old) and not old.nullable:
        yield f"{old} has no default any more"


def _must_be_named(column: sa.Column[object]) -> bool:
    """Whether an INSERT that does not know the column fails."""
    return not column.nullable and column.server_default is None and column.autoincrement is not True


def _of_constraints(old: sa.Table, new: sa.Table) -> Iterator[str]:
    """Rows that were written before, and by the build before, must still be let in."""
    known = _refusals(old)
    yield from (f"{new.name} refuses what it took: {one}" for one in sorted(_refusals(new) - known))
    if [one.name for one in old.primary_key] != [one.name for one in new.primary_key]:
        yield f"{new.name} has another primary key"


def _refusals(table: sa.Table) -> set[str]:
    """Whatever may refuse a row: checks, unique values, and keys of other tables."""
    checks = {f"CHECK {one.sqltext}" for one in table.constraints if isinstance(one, sa.CheckConstraint)}
    unique = [one for one in table.constraints if isinstance(one, sa.UniqueConstraint)]
    unique += [one for one in table.indexes if one.unique]
    return (
        checks
        | {f"UNIQUE {', '.join(column.name for column in one.columns)}" for one in unique}
        | {f"REFERENCES {one.target_fullname}" for one in table.foreign_keys}
    )


def _of_new_tables(before: sa.MetaData, after: sa.MetaData) -> Iterator[str]:
    """The build before does not know them, so it can't take their rows away first; but erasing a shop
    takes the rows of every table (see `app.db.shops.erase_shop`)."""
    for name, table in after.tables.items():
        for key in table.foreign_keys if name not in before.tables else ():
            is_let_go = (key.ondelete or "").upper() in ("CASCADE", "SET NULL")
            if not is_let_go and key.column.table.name != "shops":
                yield f"{key.parent} keeps rows of {key.column.table.name} from being deleted"
