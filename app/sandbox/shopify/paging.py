"""Connections: pages of a sorted list, with cursors that stay valid while the list changes.

https://shopify.dev/docs/api/usage/pagination-graphql
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

PAGE_LIMIT = 250

Key = Callable[[Any], tuple[Any, ...]]


@dataclass(frozen=True)
class Page:
    """Part of a list: its records and their cursors, and whether there is more on either side."""

    nodes: list[Any]
    cursors: list[str]
    has_next: bool
    has_previous: bool


def page(records: Iterable[Any], args: Mapping[str, Any], *, key: Key) -> Page:
    """The page that first/last/after/before/reverse ask for, of records in the order of `key`."""
    is_reversed = bool(args.get("reverse"))
    rows = sorted(
        ((list(key(record)), record) for record in records), key=lambda row: row[0], reverse=is_reversed
    )
    total = len(rows)
    rows = _between(rows, args, is_reversed=is_reversed)
    first, last = _sizes(args)
    kept = rows[:first] if first is not None else rows[max(0, len(rows) - (last or 0)) :]
    has_next = len(rows) > len(kept) if first is not None else args.get("before") is not None
    has_previous = (
        args.get("after") is not None and total > len(rows)
        if first is not None
        else len(rows) > len(kept)
    )
    return Page([record for _, record in kept], [_cursor(k) for k, _ in kept], has_next, has_previous)


def whole(records: Iterable[Any], *, key: Key) -> Page:
    """Everything at once, as bulk operations read it."""
    nodes = sorted(records, key=key)
    return Page(nodes, ["" for _ in nodes], has_next=False, has_previous=False)


def _sizes(args: Mapping[str, Any]) -> tuple[int | None, int | None]:
    first, last = args.get("first"), args.get("last")
    if (first is None) == (last is None):
        raise GraphQLError("you must provide one of first or last")
    for size in (first, last):
        if size is not None and not 0 <= size <= PAGE_LIMIT:
            raise GraphQLError(f"a page holds 0 to {PAGE_LIMIT} records, not {size}")
    return first, last


def _between(rows: list[Any], args: Mapping[str, Any], *, is_reversed: bool) -> list[Any]:
    after, before = args.get("after"), args.get("before")
    if after is not None:
        start = _read_cursor(after)
        rows = [row for row in rows if (row[0] < start if is_reversed else row[0] > start)]
    if before is not None:
        end = _read_cursor(before)
        rows = [row for row in rows if (row[0] > end if is_reversed else row[0] < end)]
    return rows


def _cursor(key: list[Any]) -> str:
    return base64.b64encode(json.dumps(key).encode()).decode()


def _read_cursor(cursor: str) -> list[Any]:
    try:
        key = json.loads(base64.b64decode(cursor, validate=True))
    except ValueError as error:
        raise GraphQLError(f"Invalid cursor for current pagination sort: {cursor}") from error
    if not isinstance(key, list):
        raise GraphQLError(f"Invalid cursor for current pagination sort: {cursor}")
    return key
