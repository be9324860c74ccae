"""Writing the tags of many orders by bulk mutations, which cost no points for each order.

The variables of one mutation are uploaded as a file of JSON lines; Shopify runs the mutation over them
in the background and answers with such a file (shopify.dev/docs/api/usage/bulk-operations/imports).
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import msgspec

from app.errors import TryLater
from app.platforms.base import BulkPart, BulkState, OrderChange
from app.platforms.http import jittered_s
from app.platforms.shopify import queries
from app.platforms.shopify.aliases import Mutation, in_words
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.ids import gid, number_of
from app.platforms.shopify.writes import ADD_TAGS, REMOVE_TAGS

FILE_NAME = "orders.jsonl"
UNDER_WAY = frozenset({"CREATED", "RUNNING", "CANCELING"})


class _Line(msgspec.Struct, frozen=True):
    number: int = msgspec.field(name="__lineNumber")
    data: dict[str, dict[str, Any] | None] | None = None
    errors: tuple[dict[str, Any], ...] = ()


class ShopifyBulk:
    """See `app.platforms.base.BulkWriter` for what each method promises."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    def begin(self, changes: Sequence[OrderChange]) -> Iterator[BulkPart]:
        """An operation for the tags to take off and one for those to add, as far as there are any: a
        bulk mutation runs a single one."""
        wanted = [
            (REMOVE_TAGS, [(one.order_id, one.remove_tags) for one in changes if one.remove_tags]),
            (ADD_TAGS, [(one.order_id, one.add_tags) for one in changes if one.add_tags]),
        ]
        files = [(mutation, lines) for mutation, lines in wanted if lines]
        for (mutation, lines), path in zip(files, self._upload(files), strict=True):
            yield self._run(mutation, lines, path)

    def _upload(self, files: Sequence[tuple[Mutation, list[tuple[int, tuple[str, ...]]]]]) -> list[str]:
        wish = {
            "resource": "BULK_MUTATION_VARIABLES",
            "filename": FILE_NAME,
            "mimeType": "text/jsonl",
            "httpMethod": "POST",
        }
        data = self._client.execute(
            queries.STAGE_UPLOADS, {"input": [wish] * len(files)}, cost=queries.BULK_WRITE_COST
        )
        targets = data["stagedUploadsCreate"]["stagedTargets"]
        if not targets:
            raise TryLater(
                f"{self._client.domain} takes no files now", after_s=jittered_s(), is_failure=True
            )
        paths = []
        for (_, lines), target in zip(files, targets, strict=True):
            fields = {one["name"]: one["value"] for one in target["parameters"]}
            self._client.http.upload(target["url"], fields, name=FILE_NAME, content=_file(lines))
            paths.append(fields["key"])
        return paths

    def _run(
        self, mutation: Mutation, lines: Sequence[tuple[int, tuple[str, ...]]], path: str
    ) -> BulkPart:
        variables = {"mutation": document_of_line(mutation), "path": path}
        data = self._client.execute(queries.BULK_WRITE, variables, cost=queries.BULK_WRITE_COST)
        payload = data["bulkOperationRunMutation"]
        begun = payload["bulkOperation"]
        return BulkPart(
            operation_id=None if begun is None else number_of(begun["id"]),
            order_ids=tuple(order_id for order_id, _ in lines),
            problem="; ".join(map(in_words, payload["userErrors"])),
        )

    def begun_since(self, moment: datetime) -> list[int]:
        """The app's own operations are all that it may see."""
        since = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        variables = {"query": f"operation_type:mutation created_at:>='{since}'"}
        data = self._client.execute(queries.BULK_WRITES, variables, cost=queries.BULK_WRITES_COST)
        return [number_of(node["id"]) for node in data["bulkOperations"]["nodes"]]

    def state(self, operation_id: int) -> BulkState:
        """By its status; one that Shopify forgot is over."""
        status = self._operation(operation_id)["status"]
        return BulkState(is_over=status not in UNDER_WAY, is_done=status == "COMPLETED")

    def results(self, operation_id: int) -> dict[int, str | None]:
        """Line by line, as many as were run."""
        url = self._operation(operation_id)["url"]
        if url is None:
            return {}
        with closing(self._client.http.stream_lines(url)) as lines:
            return dict(_result(line) for line in lines)

    def cancel(self, operation_id: int) -> None:
        """Shopify refuses for one that has ended, which is as good."""
        variables = {"id": gid("BulkOperation", operation_id)}
        self._client.execute(queries.BULK_CANCEL, variables, cost=queries.BULK_WRITE_COST)

    def _operation(self, operation_id: int) -> dict[str, Any]:
        variables = {"id": gid("BulkOperation", operation_id)}
        data = self._client.execute(queries.BULK_STATE, variables, cost=queries.BULK_STATE_COST)
        return data["bulkOperation"] or {"status": "EXPIRED", "url": None}


def _file(lines: Sequence[tuple[int, tuple[str, ...]]]) -> bytes:
    variables = ({"id": gid("Order", order_id), "tags": list(tags)} for order_id, tags in lines)
    return b"".join(msgspec.json.encode(one) + b"\n" for one in variables)


def document_of_line(mutation: Mutation) -> str:
    """What is run with the variables of each line."""
    declared = ", ".join(f"${name}: {kind}" for name, kind in mutation.arguments.items())
    given = ", ".join(f"{name}: ${name}" for name in mutation.arguments)
    return f"mutation ({declared}) {{ {mutation.field}({given}) {{ userErrors {{ field message }} }} }}"


def _result(line: bytes) -> tuple[int, str | None]:
    try:
        read = msgspec.json.decode(line, type=_Line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TryLater("the bulk file can not be read", after_s=jittered_s(), is_failure=True) from error
    payloads = list((read.data or {}).values())
    refusals = [str(error.get("message", "")) for error in read.errors]
    for payload in payloads:
        refusals += [in_words(error) for error in (payload or {}).get("userErrors", ())]
    if not payloads or None in payloads:
        refusals = refusals or ["Shopify did not answer this line"]
    return read.number, "; ".join(refusals) or None
