"""How a mutation refuses: by `userErrors`, or by an error of the whole request for want of a scope."""

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError

from app.sandbox.shopify import access
from app.sandbox.shopify.call import Call, read_gid

Payload = dict[str, Any]


def user_error(
    field: Sequence[str] | None, message: str, code: str | None = None, **more: Any
) -> Payload:
    """One of the `userErrors`: where in the input, what is wrong, and its code if it has one."""
    return {"field": list(field) if field else None, "message": message, "code": code, **more}


def refused(*problems: Payload) -> Payload:
    """The answer of a mutation that did nothing."""
    return {"userErrors": list(problems)}


def demand_write(call: Call, owner_gid: str, what: str) -> None:
    """Writing to an owner needs the owner's own write scope."""
    kind, _ = read_gid(owner_gid)
    if kind not in access.OWNER_WRITE:
        raise GraphQLError(f"the sandbox doesn't write to {kind}")
    scope = access.OWNER_WRITE[kind]
    call.demand([scope] if scope else [], what=what)
