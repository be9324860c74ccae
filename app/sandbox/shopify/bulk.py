"""Bulk operations: a query run in the background over everything, its result a file of JSON lines.

https://shopify.dev/docs/api/usage/bulk-operations/queries
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from graphql import GraphQLSyntaxError, OperationDefinitionNode, OperationType, parse

from app.sandbox.shopify import cost, payloads

if TYPE_CHECKING:
    from graphql import DocumentNode

    from app.sandbox.shopify.call import Call

CONNECTIONS_LIMIT = 5
DEPTH_LIMIT = 2
RUNNING_LIMIT = 5
"""Of each type, in API versions from 2026-01."""
UNDER_WAY = frozenset({"CREATED", "RUNNING", "CANCELING"})


class BulkRefused(Exception):
    """The query can't be run in bulk; `code` is Shopify's word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class BulkOperation:
    """One bulk query or mutation. `result` is its file, reachable at `url` once all is done. `lines` are
    the variables that a mutation is run with."""

    operation_id: int
    query: str
    token: str
    base_url: str
    created_at: datetime
    done_at: datetime
    call: Call
    status: str = "CREATED"
    error_code: str | None = None
    completed_at: datetime | None = None
    result: bytes | None = None
    object_count: int = 0
    root_object_count: int = 0
    kind: Literal["QUERY", "MUTATION"] = "QUERY"
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str | None:
        """Where the result can be fetched; an empty result has no file."""
        return self._file if self.status == "COMPLETED" else None

    @property
    def partial_data_url(self) -> str | None:
        """Where the result of an operation that failed can be fetched, as far as it came."""
        return self._file if self.status == "FAILED" else None

    @property
    def _file(self) -> str | None:
        return f"{self.base_url}/bulk/{self.token}.jsonl" if self.result else None


def start(call: Call, query: str) -> BulkOperation:
    """Begin a bulk query, if it may be run."""
    running = [one for one in call.shop.bulk_operations.values() if one.status in UNDER_WAY]
    if sum(one.kind == "QUERY" for one in running) >= RUNNING_LIMIT:
        raise BulkRefused(
            "LIMIT_REACHED", f"You have reached the limit of {RUNNING_LIMIT} concurrent bulk queries."
        )
    _check(call, query)
    books = call.books
    operation = BulkOperation(
        books.new_id("BulkOperation"),
        query,
        token=f"{books.random.getrandbits(128):032x}",
        base_url=call.base_url,
        created_at=books.now(),
        done_at=books.clock() + timedelta(seconds=call.shop.bulk_delay_s),
        call=call,
    )
    call.shop.bulk_operations[operation.operation_id] = operation
    return operation


def _check(call: Call, query: str) -> None:
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        raise BulkRefused("INVALID", f"Invalid bulk query: {error.message}") from error
    if errors := call.shop.api.validate(document):
        raise BulkRefused("INVALID", f"Invalid bulk query: {errors[0].message}")
    steps = _steps(call, document)
    depths = list(_depths(steps, 1))
    if not depths:
        raise BulkRefused(
            "INVALID", "Invalid bulk query: the query must contain at least one connection."
        )
    if len(depths) > CONNECTIONS_LIMIT:
        raise BulkRefused("INVALID", "Invalid bulk query: the query has more than five connections.")
    if max(depths) > DEPTH_LIMIT:
        raise BulkRefused(
            "INVALID", "Invalid bulk query: connections are nested more than two levels deep."
        )
    if any(step.kind == "nodes" or step.key == "node" for step in steps):
        raise BulkRefused(
            "INVALID", "Invalid bulk query: node and nodes can't be queried at the top level."
        )


def _steps(call: Call, document: DocumentNode) -> tuple[cost.Step, ...]:
    operation = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    if operation.operation is not OperationType.QUERY:
        raise BulkRefused("INVALID", "Invalid bulk query: only queries can be run.")
    return cost.plan(call.shop.api.schema, document, operation)


def _depths(steps: Iterable[cost.Step], depth: int) -> Iterator[int]:
    for step in steps:
        is_connection = step.kind == "connection"
        if is_connection:
            yield depth
        yield from _depths(step.children, depth + 1 if is_connection else depth)


def advance(operation: BulkOperation, now: datetime) -> bool:
    """Go on with it; True once it has just been completed."""
    if operation.status not in UNDER_WAY:
        return False
    operation.status = "RUNNING"
    if now < operation.done_at:
        return False
    _complete(operation)
    return True


def _complete(operation: BulkOperation) -> None:
    call = operation.call
    call.is_bulk = True
    document = parse(operation.query)
    data, errors = call.shop.api.run(document, call)
    operation.completed_at = call.books.now()
    if errors:
        is_denied = (errors[0].extensions or {}).get("code") == "ACCESS_DENIED"
        operation.status = "FAILED"
        operation.error_code = "ACCESS_DENIED" if is_denied else "INTERNAL_SERVER_ERROR"
        return
    rows = [
        row
        for step in _steps(call, document)
        for row in _rows(step, (data or {}).get(step.key), parent=None)
    ]
    operation.result = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    operation.object_count = len(rows)
    operation.root_object_count = sum("__parentId" not in row for row in rows)
    operation.status = "COMPLETED"


def _rows(step: cost.Step, value: Any, *, parent: str | None) -> Iterator[dict[str, Any]]:
    """A connection's nodes as rows, each followed by the rows of the connections inside it."""
    if not isinstance(value, dict):
        return
    if step.kind != "connection":
        for child in step.children:
            yield from _rows(child, value.get(child.key), parent=parent)
        return
    for node, children in _nodes(step, value):
        inner = [child for child in children if child.kind == "connection"]
        keys = {child.key for child in inner}
        row = {key: one for key, one in node.items() if key not in keys}
        yield row if parent is None else {**row, "__parentId": parent}
        for child in inner:
            yield from _rows(child, node.get(child.key), parent=node.get("id"))


def _nodes(
    step: cost.Step, value: Mapping[str, Any]
) -> Iterator[tuple[dict[str, Any], tuple[cost.Step, ...]]]:
    for child in step.children:
        for found in value.get(child.key) or () if isinstance(value.get(child.key), list) else ():
            if child.kind == "edge":
                for inner in child.children:
                    yield found[inner.key], inner.children
            else:
                yield found, child.children


def finished(operation: BulkOperation) -> dict[str, Any]:
    """The body of bulk_operations/finish."""
    return payloads.bulk_finished(
        payloads.gid("BulkOperation", operation.operation_id),
        status=operation.status,
        created_at=operation.created_at,
        completed_at=operation.completed_at or operation.done_at,
        kind=operation.kind.lower(),
        error_code=operation.error_code,
    )
