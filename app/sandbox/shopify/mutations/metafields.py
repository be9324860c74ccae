"""Metafields: all of a call are written, or none."""

import re
from collections.abc import Mapping, Sequence

from app.sandbox.shopify import marks
from app.sandbox.shopify.call import Answer, Args, Call
from app.sandbox.shopify.mutations.refusals import Payload, demand_write, refused, user_error
from app.sandbox.shopify.nodes import find_node
from app.sandbox.shopify.records import Metafield, Order

METAFIELDS_PER_CALL = 25
METAFIELD_KEY = re.compile(r"[A-Za-z0-9_-]{2,64}")


def _metafields_set(root: None, call: Call, args: Args) -> Payload:
    wishes = args["metafields"]
    if len(wishes) > METAFIELDS_PER_CALL:
        message = f"Exceeded the maximum metafields input limit of {METAFIELDS_PER_CALL}."
        return refused(user_error(["metafields"], message, "LESS_THAN_OR_EQUAL_TO", elementIndex=None))
    for wish in wishes:
        demand_write(call, wish["ownerId"], "metafieldsSet")
    if problems := problems_of_metafields(call, wishes):
        return refused(*problems)
    return {"metafields": [write_metafield(call, wish) for wish in wishes], "userErrors": []}


def problems_of_metafields(call: Call, wishes: Sequence[Args]) -> list[Payload]:
    """What is wrong with any of them."""
    return [
        user_error(["metafields", str(index), part], message, code, elementIndex=index)
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


def write_metafield(call: Call, wish: Args) -> Metafield:
    """Write one that has no problem."""
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
        demand_write(call, wish["ownerId"], "metafieldsDelete")
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


MUTATIONS: Mapping[str, Answer] = {
    "metafieldsSet": _metafields_set,
    "metafieldsDelete": _metafields_delete,
}
