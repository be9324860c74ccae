"""Bulk mutations: one mutation run in the background, once for each line of an uploaded file.

A target is asked for (`stagedUploadsCreate`), the file is posted there as a form, and the target's key
names it to `bulkOperationRunMutation`. Each line of the result says which line of the file it answers.
https://shopify.dev/docs/api/usage/bulk-operations/imports
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    execute,
    parse,
)

from app.sandbox.shopify.bulk import RUNNING_LIMIT, UNDER_WAY, BulkOperation, BulkRefused

if TYPE_CHECKING:
    from datetime import datetime

    from graphql import DocumentNode

    from app.sandbox.shopify.call import Call

MOST_BYTES = 100 * 1024 * 1024
VARIABLES = "BULK_MUTATION_VARIABLES"


@dataclass
class StagedUpload:
    """A place for one file. `content` is the file once it has been uploaded."""

    key: str
    token: str
    base_url: str
    content: bytes | None = None

    @property
    def url(self) -> str:
        """Where the file is to be posted; the parameters go before it in the same form."""
        return f"{self.base_url}/staged-uploads"

    @property
    def parameters(self) -> list[dict[str, str]]:
        """What the form must hold besides the file."""
        return [{"name": name, "value": value} for name, value in self.form.items()]

    @property
    def form(self) -> dict[str, str]:
        """The same by name."""
        return {"key": self.key, "acl": "private", "policy": self.token}


def stage(call: Call, wish: Mapping[str, Any]) -> StagedUpload:
    """A target for one file of variables."""
    if wish["resource"] != VARIABLES or wish.get("httpMethod") != "POST":
        raise GraphQLError(f"the sandbox stages {VARIABLES} by POST alone")
    token = f"{call.books.random.getrandbits(128):032x}"
    upload = StagedUpload(
        f"tmp/{call.shop.domain}/bulk/{token}/{wish['filename']}", token, call.base_url
    )
    call.shop.staged_uploads[upload.key] = upload
    return upload


def start(call: Call, mutation: str, path: str) -> BulkOperation:
    """Begin a bulk mutation over an uploaded file, if it may be run."""
    running = [one for one in call.shop.bulk_operations.values() if one.status in UNDER_WAY]
    if sum(one.kind == "MUTATION" for one in running) >= RUNNING_LIMIT:
        message = f"You have reached the limit of {RUNNING_LIMIT} concurrent bulk mutations."
        raise BulkRefused("LIMIT_REACHED", message)
    _check(call, mutation)
    upload = call.shop.staged_uploads.get(path)
    if upload is None or upload.content is None:
        raise BulkRefused("NO_SUCH_FILE", "The JSONL file could not be found.")
    books = call.books
    operation = BulkOperation(
        books.new_id("BulkOperation"),
        mutation,
        token=f"{books.random.getrandbits(128):032x}",
        base_url=call.base_url,
        created_at=books.now(),
        done_at=books.clock() + timedelta(seconds=call.shop.bulk_delay_s),
        call=call,
        kind="MUTATION",
        lines=_lines(upload.content),
    )
    call.shop.bulk_operations[operation.operation_id] = operation
    return operation


def _lines(content: bytes) -> list[dict[str, Any]]:
    try:
        lines = [json.loads(line) for line in content.splitlines() if line.strip()]
    except ValueError as error:
        raise _invalid_file("the file is not JSONL") from error
    if not lines or len(content) > MOST_BYTES or not all(isinstance(line, dict) for line in lines):
        raise _invalid_file("each line must be a JSON object, 100 MB in all")
    return lines


def _invalid_file(reason: str) -> BulkRefused:
    return BulkRefused("INVALID_STAGED_UPLOAD_FILE", f"The JSONL file submitted is invalid: {reason}.")


def _check(call: Call, mutation: str) -> None:
    """One operation of one mutation that can be validated; bulk operations don't start others."""
    try:
        document = parse(mutation)
    except GraphQLSyntaxError as error:
        raise BulkRefused("INVALID_MUTATION", f"Invalid mutation: {error.message}") from error
    if errors := call.shop.api.validate(document):
        raise BulkRefused("INVALID_MUTATION", f"Invalid mutation: {errors[0].message}")
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    fields = [field for one in operations for field in one.selection_set.selections]
    if len(fields) != 1 or operations[0].operation is not OperationType.MUTATION:
        raise BulkRefused("INVALID_MUTATION", "Invalid mutation: exactly one mutation can be run.")
    if fields[0].name.value.startswith("bulkOperation"):  # type: ignore[attr-defined]
        raise BulkRefused("INVALID_MUTATION", "Invalid mutation: bulk operations can't be nested.")


def advance(operation: BulkOperation, now: datetime) -> bool:
    """Run the lines that are due by now, each an action of its own; True once it has just ended."""
    if operation.status == "CANCELING":
        return _end(operation, "CANCELED")
    if operation.status not in UNDER_WAY:
        return False
    operation.status = "RUNNING"
    shop = operation.call.shop
    due = int((now - operation.done_at).total_seconds() * shop.bulk_lines_per_s)
    breaks_at = shop.faults.bulk_fails_after
    document = parse(operation.query)
    while operation.object_count < min(due, len(operation.lines)):
        if operation.object_count == breaks_at:
            operation.error_code = "INTERNAL_SERVER_ERROR"
            return _end(operation, "FAILED")
        _run_line(operation, document)
    return operation.object_count == len(operation.lines) and _end(operation, "COMPLETED")


def _end(operation: BulkOperation, status: str) -> bool:
    operation.status, operation.completed_at = status, operation.call.books.now()
    return True


def _run_line(operation: BulkOperation, document: DocumentNode) -> None:
    number = operation.object_count
    answer = {**_answer(operation, document, operation.lines[number]), "__lineNumber": number}
    operation.result = (operation.result or b"") + json.dumps(answer).encode() + b"\n"
    operation.object_count = operation.root_object_count = number + 1
    operation.call.books.close_action()


def _answer(
    operation: BulkOperation, document: DocumentNode, variables: dict[str, Any]
) -> dict[str, Any]:
    call = operation.call
    result = execute(call.shop.api.schema, document, None, call, variables)
    assert isinstance(result, ExecutionResult)  # noqa: S101  # no resolver is asynchronous
    errors = [error.formatted for error in result.errors or ()]
    return {"data": result.data, **({"errors": errors} if errors else {})}
