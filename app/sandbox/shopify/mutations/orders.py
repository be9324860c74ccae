"""Tags, notes and what else is written on an order."""

from collections.abc import Mapping, Sequence

from graphql import GraphQLError

from app.sandbox.shopify import marks
from app.sandbox.shopify.call import Answer, Args, Call, read_gid
from app.sandbox.shopify.mutations.metafields import problems_of_metafields, write_metafield
from app.sandbox.shopify.mutations.refusals import Payload, demand_write, refused, user_error
from app.sandbox.shopify.nodes import find_node
from app.sandbox.shopify.records import Order


def _tagged(call: Call, args: Args, what: str) -> Order | None:
    demand_write(call, args["id"], what)
    found = find_node(call, args["id"])
    return found if isinstance(found, Order) else None


NO_ORDER = user_error(["id"], "Order does not exist")


def _tags_add(root: None, call: Call, args: Args) -> Payload:
    order = _tagged(call, args, "tagsAdd")
    if order is None:
        return refused(NO_ORDER)
    if problem := marks.tag_problem(order, args["tags"]):
        return refused(user_error(["tags"], problem))
    for tag in marks.add_tags(call.books, order, args["tags"]):
        marks.record(call.books, call.number, "tag added", order_id=order.order_id, detail=tag)
    return {"node": order, "userErrors": []}


def _tags_remove(root: None, call: Call, args: Args) -> Payload:
    order = _tagged(call, args, "tagsRemove")
    if order is None:
        return refused(NO_ORDER)
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
        return refused(NO_ORDER)
    note = wish.get("note") or ""
    if len(note) > marks.NOTE_LIMIT:
        return refused(
            user_error(["note"], f"Note is too long (maximum is {marks.NOTE_LIMIT} characters)")
        )
    fields = [{**one, "ownerId": wish["id"]} for one in wish.get("metafields") or []]
    if problems := problems_of_metafields(call, fields):
        return refused(*problems)
    for one in fields:
        write_metafield(call, one)
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


MUTATIONS: Mapping[str, Answer] = {
    "tagsAdd": _tags_add,
    "tagsRemove": _tags_remove,
    "orderUpdate": _order_update,
}
