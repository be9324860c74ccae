"""Metafields of orders, one by one and in batches that may succeed in part.

A batch answers 200 only if all of it was done, else 422 with what was done and why the rest was not:
https://docs.bigcommerce.com/developer/api-reference/rest/admin/management/orders/batch-metafields
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.sandbox.bigcommerce import payloads
from app.sandbox.bigcommerce.call import NOT_FOUND, ApiError, Call, Handler, Reply, problem
from app.sandbox.bigcommerce.records import Metafield, Order

MOST_OF_AN_ORDER = 250
WRITABLE = ("namespace", "key", "value", "permission_set", "description")
DUPLICATE = "The metafield could not be created because one with this namespace and key exists."


def of_order(call: Call, order_id: int) -> list[Metafield]:
    """All metafields of an order, oldest first."""
    return [one for one in call.books.metafields.values() if one.order_id == order_id]


def _listed(call: Call, metafields: Sequence[Metafield]) -> Reply:
    call.honour("namespace", "namespace:in", "key", "key:in", "direction", "page", "limit")
    found = [
        one
        for one in metafields
        if all(_is_wanted(call, name, getattr(one, name)) for name in ("namespace", "key"))
    ]
    if call.query.get("direction") == "desc":
        found.reverse()
    return call.paged(found, lambda one: payloads.metafield(call.store, one))


def _is_wanted(call: Call, name: str, value: str) -> bool:
    several = call.words(f"{name}:in")
    return call.query.get(name, value) == value and (several is None or value in several)


def _create(call: Call, order: Order, sent: Mapping[str, Any]) -> Metafield:
    mine = of_order(call, order.order_id)
    if any((one.namespace, one.key) == (sent["namespace"], sent["key"]) for one in mine):
        raise ApiError(409, DUPLICATE)
    if len(mine) >= MOST_OF_AN_ORDER:
        raise ApiError(422, f"An order has at most {MOST_OF_AN_ORDER} metafields.")
    now = call.books.now()
    made = Metafield(
        call.books.new_id("Metafield"),
        order.order_id,
        sent["namespace"],
        sent["key"],
        sent["value"],
        sent["permission_set"],
        sent.get("description", ""),
        now,
        now,
    )
    call.books.metafields[made.metafield_id] = made
    _note(call, made, "metafield created", "created")
    return made


def _update(call: Call, metafield: Metafield, sent: Mapping[str, Any]) -> Metafield:
    for name in WRITABLE:
        setattr(metafield, name, sent.get(name, getattr(metafield, name)))
    metafield.updated_at = call.books.now()
    _note(call, metafield, "metafield updated", "updated")
    return metafield


def _delete(call: Call, metafield: Metafield) -> int:
    del call.books.metafields[metafield.metafield_id]
    _note(call, metafield, "metafield deleted", "deleted")
    return metafield.metafield_id


def _note(call: Call, metafield: Metafield, kind: str, event: str) -> None:
    order = call.books.orders[metafield.order_id]
    call.books.write(kind, order, f"{metafield.namespace}.{metafield.key}", request=call.number)
    data = {"type": "metafield", "metafield_id": metafield.metafield_id}
    call.books.tell(f"store/order/metafield/{event}", {**data, "resource_id": str(metafield.order_id)})


def _find(call: Call, metafield_id: int) -> Metafield:
    found = call.books.metafields.get(metafield_id)
    if found is None or call.ids.get("order_id", found.order_id) != found.order_id:
        raise ApiError(404, NOT_FOUND)
    return found


# One by one


def _one(call: Call, metafield: Metafield) -> Reply:
    return Reply({"data": payloads.metafield(call.store, metafield), "meta": {}})


def _delete_one(call: Call) -> Reply:
    call.order()
    _delete(call, _find(call, call.ids["metafield_id"]))
    return Reply(status=204)


# In batches


def _batch(call: Call, act: Callable[[Any], Any]) -> Reply:
    """Do what can be done of a batch."""
    if len(call.sent) > call.store.metafield_batch_limit:
        raise ApiError(400, f"At most {call.store.metafield_batch_limit} metafields a request.")
    done, errors = [], []
    for sent in call.sent:
        try:
            done.append(act(sent))
        except ApiError as error:
            errors.append(problem(error.status, error.title) | {"errors": error.details or {}})
    meta = {"total": len(call.sent), "success": len(done), "failed": len(errors)}
    return Reply({"data": done, "errors": errors, "meta": meta}, status=422 if errors else 200)


def _create_many(call: Call) -> Reply:
    def act(sent: Mapping[str, Any]) -> Any:
        order = call.books.orders.get(sent["resource_id"])
        if order is None:
            raise ApiError(404, NOT_FOUND)
        return payloads.metafield(call.store, _create(call, order, sent))

    return _batch(call, act)


def _update_many(call: Call) -> Reply:
    def act(sent: Mapping[str, Any]) -> Any:
        return payloads.metafield(call.store, _update(call, _find(call, sent["id"]), sent))

    return _batch(call, act)


def _delete_many(call: Call) -> Reply:
    return _batch(call, lambda number: _delete(call, _find(call, number)))


ONE = "/orders/{order_id}/metafields/{metafield_id}"

HANDLERS: Mapping[tuple[str, str], Handler] = {
    ("GET", "/orders/metafields"): lambda call: _listed(call, list(call.books.metafields.values())),
    ("POST", "/orders/metafields"): _create_many,
    ("PUT", "/orders/metafields"): _update_many,
    ("DELETE", "/orders/metafields"): _delete_many,
    ("GET", "/orders/{order_id}/metafields"): lambda call: _listed(
        call, of_order(call, call.order().order_id)
    ),
    ("POST", "/orders/{order_id}/metafields"): lambda call: _one(
        call, _create(call, call.order(), call.sent)
    ),
    ("GET", ONE): lambda call: _one(call, _find(call, call.ids["metafield_id"])),
    ("PUT", ONE): lambda call: _one(
        call, _update(call, _find(call, call.ids["metafield_id"]), call.sent)
    ),
    ("DELETE", ONE): _delete_one,
}
