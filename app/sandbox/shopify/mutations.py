"""The writes the API takes. A refusal comes back as `userErrors`, as Shopify's does; what a payload
holds otherwise is null then. Every write that changes something goes into the journal."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import GraphQLError

from app.sandbox.shopify import access, bulk, bulk_writes, holds, marks
from app.sandbox.shopify.call import Answer, Args, Call, read_gid
from app.sandbox.shopify.nodes import find_node
from app.sandbox.shopify.payloads import gid
from app.sandbox.shopify.records import Metafield, Order
from app.sandbox.shopify.webhooks import WebhookSubscription

METAFIELDS_PER_CALL = 25
METAFIELD_KEY = re.compile(r"[A-Za-z0-9_-]{2,64}")
HOLD_HANDLE_LIMIT = 64

Payload = dict[str, Any]


def _problem(field: Sequence[str] | None, message: str, code: str | None = None, **more: Any) -> Payload:
    return {"field": list(field) if field else None, "message": message, "code": code, **more}


def _refused(*problems: Payload) -> Payload:
    return {"userErrors": list(problems)}


def _demand_write(call: Call, owner_gid: str, what: str) -> None:
    """Writing to an owner needs the owner's own write scope."""
    kind, _ = read_gid(owner_gid)
    if kind not in access.OWNER_WRITE:
        raise GraphQLError(f"the sandbox doesn't write to {kind}")
    scope = access.OWNER_WRITE[kind]
    call.demand([scope] if scope else [], what=what)


# Tags and notes


def _tagged(call: Call, args: Args, what: str) -> Order | None:
    _demand_write(call, args["id"], what)
    found = find_node(call, args["id"])
    return found if isinstance(found, Order) else None


NO_ORDER = _problem(["id"], "Order does not exist")


def _tags_add(root: None, call: Call, args: Args) -> Payload:
    order = _tagged(call, args, "tagsAdd")
    if order is None:
        return _refused(NO_ORDER)
    if problem := marks.tag_problem(order, args["tags"]):
        return _refused(_problem(["tags"], problem))
    for tag in marks.add_tags(call.books, order, args["tags"]):
        marks.record(call.books, call.number, "tag added", order_id=order.order_id, detail=tag)
    return {"node": order, "userErrors": []}


def _tags_remove(root: None, call: Call, args: Args) -> Payload:
    order = _tagged(call, args, "tagsRemove")
    if order is None:
        return _refused(NO_ORDER)
    for tag in marks.remove_tags(call.books, order, args["tags"]):
        marks.record(call.books, call.number, "tag removed", order_id=order.order_id, detail=tag)
    return {"node": order, "userErrors": []}


def _order_update(root: None, call: Call, args: Args) -> Payload:
    """Note and tags, which both overwrite, and metafields; other fields aren't modelled."""
    wish = args["input"]
    if unknown := set(wish) - {"id", "note", "tags", "metafields"}:
        raise GraphQLError(f"the sandbox doesn't update an order's {', '.join(sorted(unknown))}")
    order = call.books.orders.get(read_gid(wish["id"], "Order")[1])
    if order is None:
        return _refused(NO_ORDER)
    note = wish.get("note") or ""
    if len(note) > marks.NOTE_LIMIT:
        return _refused(
            _problem(["note"], f"Note is too long (maximum is {marks.NOTE_LIMIT} characters)")
        )
    fields = [{**one, "ownerId": wish["id"]} for one in wish.get("metafields") or []]
    if problems := _problems_of_metafields(call, fields):
        return _refused(*problems)
    for one in fields:
        _write_metafield(call, one)
    if "note" in wish:
        _write_note(call, order, note)
    if "tags" in wish:
        _overwrite_tags(call, order, wish["tags"] or [])
    return {"order": order, "userErrors": []}


def _write_note(call: Call, order: Order, note: str) -> None:
    marks.record(call.books, call.number, "note written", order_id=order.order_id, detail=note)
    if note != order.note:
        marks.set_note(call.books, order, note)


def _overwrite_tags(call: Call, order: Order, tags: Sequence[str]) -> None:
    before = set(order.tags)
    marks.set_tags(call.books, order, tags)
    for kind, changed in (
        ("tag added", set(order.tags) - before),
        ("tag removed", before - set(order.tags)),
    ):
        for tag in sorted(changed):
            marks.record(call.books, call.number, kind, order_id=order.order_id, detail=tag)


# Metafields: all are written or none


def _metafields_set(root: None, call: Call, args: Args) -> Payload:
    wishes = args["metafields"]
    if len(wishes) > METAFIELDS_PER_CALL:
        message = f"Exceeded the maximum metafields input limit of {METAFIELDS_PER_CALL}."
        return _refused(_problem(["metafields"], message, "LESS_THAN_OR_EQUAL_TO", elementIndex=None))
    for wish in wishes:
        _demand_write(call, wish["ownerId"], "metafieldsSet")
    if problems := _problems_of_metafields(call, wishes):
        return _refused(*problems)
    return {"metafields": [_write_metafield(call, wish) for wish in wishes], "userErrors": []}


def _problems_of_metafields(call: Call, wishes: Sequence[Args]) -> list[Payload]:
    return [
        _problem(["metafields", str(index), part], message, code, elementIndex=index)
        for index, wish in enumerate(wishes)
        for part, code, message in _metafield_problems(call, wish)
    ]


def _address(call: Call, wish: Args) -> tuple[str, str, str]:
    return wish["ownerId"], marks.resolve_namespace(call.books, wish.get("namespace")), wish["key"]


def _metafield_problems(call: Call, wish: Args) -> list[tuple[str, str, str]]:
    """What is wrong with one metafield, as (part, code, message)."""
    existing = call.books.metafields.get(_address(call, wish))
    type_ = wish.get("type") or (existing.type if existing else None)
    if find_node(call, wish["ownerId"]) is None:
        return [("ownerId", "INVALID", "Owner does not exist.")]
    if not METAFIELD_KEY.fullmatch(wish["key"]):
        return [("key", "INVALID", "Key must be 2 to 64 letters, digits, hyphens and underscores.")]
    if type_ is None:
        return [("type", "BLANK", "Type can't be blank.")]
    if "compareDigest" in wish and wish["compareDigest"] != (
        marks.digest(existing) if existing else None
    ):
        return [("compareDigest", "STALE_OBJECT", "The resource has been updated since it was loaded.")]
    problem = marks.value_problem(wish["value"], type_)
    return [("type" if problem[0] == "INVALID_TYPE" else "value", *problem)] if problem else []


def _write_metafield(call: Call, wish: Args) -> Metafield:
    address = _address(call, wish)
    existing = call.books.metafields.get(address)
    type_ = wish.get("type") or (existing.type if existing else "")
    metafield = marks.set_metafield(call.books, address, value=wish["value"], type_=type_)
    detail = f"{metafield.namespace}.{metafield.key}={metafield.value}"
    _journal_owner(call, wish["ownerId"], "metafield written", detail)
    return metafield


def _journal_owner(call: Call, owner_gid: str, kind: str, detail: str) -> None:
    owner = find_node(call, owner_gid)
    order_id = owner.order_id if isinstance(owner, Order) else None
    marks.record(call.books, call.number, kind, order_id=order_id, detail=detail)
    if isinstance(owner, Order):
        call.books.touch(owner)


def _metafields_delete(root: None, call: Call, args: Args) -> Payload:
    """Deleting what isn't there is no error: its place in the answer is null."""
    for wish in args["metafields"]:
        _demand_write(call, wish["ownerId"], "metafieldsDelete")
    return {
        "deletedMetafields": [_delete_metafield(call, wish) for wish in args["metafields"]],
        "userErrors": [],
    }


def _delete_metafield(call: Call, wish: Args) -> Payload | None:
    metafield = call.books.metafields.get(_address(call, wish))
    if metafield is None:
        return None
    call.books.drop_metafield(metafield)
    _journal_owner(call, wish["ownerId"], "metafield deleted", f"{metafield.namespace}.{metafield.key}")
    return {"ownerId": wish["ownerId"], "namespace": metafield.namespace, "key": metafield.key}


# Holds


def _hold(root: None, call: Call, args: Args) -> Payload:
    target = call.books.fulfillment_orders.get(read_gid(args["id"], "FulfillmentOrder")[1])
    wish = args["fulfillmentHold"]
    if target is None:
        return _refused(
            _problem(["id"], "Fulfillment order does not exist.", "FULFILLMENT_ORDER_NOT_FOUND")
        )
    if wish.get("externalId"):
        raise GraphQLError("the sandbox doesn't name holds by externalId")
    if len(wish.get("handle") or "") > HOLD_HANDLE_LIMIT:
        return _refused(_problem(["fulfillmentHold", "handle"], "Handle is too long.", None))
    lines = wish.get("fulfillmentOrderLineItems") or []
    named = {read_gid(one["id"], "FulfillmentOrderLineItem")[1]: one["quantity"] for one in lines}
    if len(named) != len(lines):
        code = "DUPLICATED_FULFILLMENT_ORDER_LINE_ITEMS"
        return _refused(_problem(["fulfillmentHold"], "The line items are not unique.", code))
    try:
        hold, remaining = holds.place(call.books, target, _hold_wish(wish, named))
    except holds.HoldRefused as refusal:
        return _refused(_problem(["id"], str(refusal), refusal.code))
    detail = f"{hold.hold_id} {hold.reason} {hold.handle}"
    marks.record(call.books, call.number, "hold placed", order_id=target.order_id, detail=detail)
    return {
        "fulfillmentHold": hold,
        "fulfillmentOrder": target,
        "remainingFulfillmentOrder": remaining,
        "userErrors": [],
    }


def _hold_wish(wish: Args, named: Mapping[int, int]) -> holds.HoldWish:
    return holds.HoldWish(
        wish["reason"], wish.get("handle"), wish.get("reasonNotes"), holds.OUR_APP, named or None
    )


def _release(root: None, call: Call, args: Args) -> Payload:
    target = call.books.fulfillment_orders.get(read_gid(args["id"], "FulfillmentOrder")[1])
    if target is None:
        return _refused(
            _problem(["id"], "Fulfillment order does not exist.", "FULFILLMENT_ORDER_NOT_FOUND")
        )
    if args.get("externalId"):
        raise GraphQLError("the sandbox doesn't name holds by externalId")
    named = args.get("holdIds")
    wanted = None if named is None else [read_gid(one, "FulfillmentHold")[1] for one in named]
    try:
        gone = holds.release(call.books, target, wanted)
    except holds.HoldRefused as refusal:
        return _refused(_problem(["id"], str(refusal), refusal.code))
    for hold in gone:
        detail = f"{hold.hold_id} {hold.reason} {hold.handle}"
        marks.record(call.books, call.number, "hold released", order_id=target.order_id, detail=detail)
    return {"fulfillmentOrder": target, "userErrors": []}


# Webhook subscriptions


def _topic(enum_value: str) -> str:
    """ORDERS_CREATE -> orders/create; the part before the slash may itself hold underscores."""
    for head in sorted(TOPIC_HEADS, key=len, reverse=True):
        if enum_value.startswith(f"{head.upper()}_"):
            return f"{head}/{enum_value[len(head) + 1 :].lower()}"
    raise GraphQLError(f"the sandbox doesn't send {enum_value}")


TOPIC_HEADS = (*access.TOPICS, "app", "bulk_operations", "shop")


def _subscribe(root: None, call: Call, args: Args) -> Payload:
    topic, wish = _topic(args["topic"]), args["webhookSubscription"]
    wanted = access.TOPICS.get(topic.split("/", maxsplit=1)[0], ())
    if not access.is_open(call.shop.scopes, wanted):
        message = "You cannot create a webhook subscription with the specified topic"
        return _refused(_problem(["topic"], message))
    if problem := _subscription_problem(call, topic, wish):
        return _refused(problem)
    now = call.books.now()
    made = WebhookSubscription(call.books.new_id("WebhookSubscription"), topic, wish["uri"], now, now)
    _apply(made, wish)
    call.shop.webhooks.subscriptions[made.subscription_id] = made
    return {"webhookSubscription": made, "userErrors": []}


def _subscription_problem(call: Call, topic: str, wish: Args) -> Payload | None:
    if unknown := set(wish) - {"uri", "filter", "includeFields", "name", "format"}:
        raise GraphQLError(f"the sandbox doesn't take a subscription's {', '.join(sorted(unknown))}")
    if wish.get("filter"):
        raise GraphQLError("the sandbox doesn't filter webhooks")
    field = ["webhookSubscription", "uri"]
    if not wish.get("uri", "").startswith(("https://", "http://127.0.0.1", "http://localhost")):
        return _problem(field, "Address is invalid")
    taken = (
        one
        for one in call.shop.webhooks.subscriptions.values()
        if (one.topic, one.uri) == (topic, wish["uri"])
    )
    if any(taken):
        return _problem(field, "Address for this topic has already been taken")
    return None


def _apply(subscription: WebhookSubscription, wish: Args) -> None:
    subscription.uri = wish.get("uri", subscription.uri)
    subscription.name = wish.get("name", subscription.name)
    if "includeFields" in wish:
        subscription.include_fields = tuple(wish["includeFields"] or ())


def _found_subscription(call: Call, args: Args) -> WebhookSubscription | None:
    return call.shop.webhooks.subscriptions.get(read_gid(args["id"], "WebhookSubscription")[1])


NO_SUBSCRIPTION = _problem(["id"], "Webhook subscription does not exist")


def _resubscribe(root: None, call: Call, args: Args) -> Payload:
    found = _found_subscription(call, args)
    if found is None:
        return _refused(NO_SUBSCRIPTION)
    wish = args["webhookSubscription"]
    if wish.get("uri", found.uri) != found.uri and (
        problem := _subscription_problem(call, found.topic, wish)
    ):
        return _refused(problem)
    _apply(found, wish)
    found.updated_at = call.books.now()
    return {"webhookSubscription": found, "userErrors": []}


def _unsubscribe(root: None, call: Call, args: Args) -> Payload:
    found = _found_subscription(call, args)
    if found is None:
        return _refused(NO_SUBSCRIPTION)
    del call.shop.webhooks.subscriptions[found.subscription_id]
    number = gid("WebhookSubscription", found.subscription_id)
    return {"deletedWebhookSubscriptionId": number, "userErrors": []}


# Bulk operations


def _bulk_query(root: None, call: Call, args: Args) -> Payload:
    try:
        operation = bulk.start(call, args["query"])
    except bulk.BulkRefused as refusal:
        return _refused(_problem(["query"], str(refusal), refusal.code))
    return {"bulkOperation": operation, "userErrors": []}


def _bulk_mutation(root: None, call: Call, args: Args) -> Payload:
    try:
        operation = bulk_writes.start(call, args["mutation"], args["stagedUploadPath"])
    except bulk.BulkRefused as refusal:
        return _refused(_problem(None, str(refusal), refusal.code))
    return {"bulkOperation": operation, "userErrors": []}


def _bulk_cancel(root: None, call: Call, args: Args) -> Payload:
    operation = call.shop.bulk_operations.get(read_gid(args["id"], "BulkOperation")[1])
    if operation is None:
        return _refused(_problem(["id"], "Bulk operation does not exist"))
    if operation.status not in bulk.UNDER_WAY:
        message = f"A bulk operation cannot be canceled when it is {operation.status.lower()}"
        return {"bulkOperation": operation, "userErrors": [_problem(None, message)]}
    operation.status = "CANCELING"
    return {"bulkOperation": operation, "userErrors": []}


def _stage_uploads(root: None, call: Call, args: Args) -> Payload:
    targets = [bulk_writes.stage(call, wish) for wish in args["input"]]
    return {"stagedTargets": targets, "userErrors": []}


def _closing(write: Answer) -> Callable[..., Any]:
    """Each mutation of a request is an action of its own, with its own event id."""

    def answer(root: None, call: Call, args: Args) -> Any:
        try:
            return write(root, call, args)
        finally:
            call.books.close_action()

    return answer


MUTATIONS: Mapping[str, Answer] = {
    name: _closing(write)
    for name, write in {
        "tagsAdd": _tags_add,
        "tagsRemove": _tags_remove,
        "orderUpdate": _order_update,
        "metafieldsSet": _metafields_set,
        "metafieldsDelete": _metafields_delete,
        "fulfillmentOrderHold": _hold,
        "fulfillmentOrderReleaseHold": _release,
        "webhookSubscriptionCreate": _subscribe,
        "webhookSubscriptionUpdate": _resubscribe,
        "webhookSubscriptionDelete": _unsubscribe,
        "bulkOperationRunQuery": _bulk_query,
        "bulkOperationRunMutation": _bulk_mutation,
        "bulkOperationCancel": _bulk_cancel,
        "stagedUploadsCreate": _stage_uploads,
    }.items()
}
