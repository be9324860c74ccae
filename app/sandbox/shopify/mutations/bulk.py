"""Bulk operations, and the uploads of their input."""

from collections.abc import Mapping

from app.sandbox.shopify import bulk, bulk_writes
from app.sandbox.shopify.call import Answer, Args, Call, read_gid
from app.sandbox.shopify.mutations.refusals import Payload, refused, user_error


def _bulk_query(root: None, call: Call, args: Args) -> Payload:
    try:
        operation = bulk.start(call, args["query"])
    except bulk.BulkRefused as refusal:
        return refused(user_error(["query"], str(refusal), refusal.code))
    return {"bulkOperation": operation, "userErrors": []}


def _bulk_mutation(root: None, call: Call, args: Args) -> Payload:
    try:
        operation = bulk_writes.start(call, args["mutation"], args["stagedUploadPath"])
    except bulk.BulkRefused as refusal:
        return refused(user_error(None, str(refusal), refusal.code))
    return {"bulkOperation": operation, "userErrors": []}


def _bulk_cancel(root: None, call: Call, args: Args) -> Payload:
    operation = call.shop.bulk_operations.get(read_gid(args["id"], "BulkOperation")[1])
    if operation is None:
        return refused(user_error(["id"], "Bulk operation does not exist"))
    if operation.status not in bulk.UNDER_WAY:
        message = f"A bulk operation cannot be canceled when it is {operation.status.lower()}"
        return {"bulkOperation": operation, "userErrors": [user_error(None, message)]}
    operation.status = "CANCELING"
    return {"bulkOperation": operation, "userErrors": []}


def _stage_uploads(root: None, call: Call, args: Args) -> Payload:
    targets = [bulk_writes.stage(call, wish) for wish in args["input"]]
    return {"stagedTargets": targets, "userErrors": []}


MUTATIONS: Mapping[str, Answer] = {
    "bulkOperationRunQuery": _bulk_query,
    "bulkOperationRunMutation": _bulk_mutation,
    "bulkOperationCancel": _bulk_cancel,
    "stagedUploadsCreate": _stage_uploads,
}
