"""The writes the API takes. A refusal comes back as `userErrors`, as Shopify's does; what a payload
holds otherwise is null then. Every write that changes something goes into the journal."""

from collections.abc import Callable, Mapping
from typing import Any

from app.sandbox.shopify.call import Answer, Args, Call
from app.sandbox.shopify.mutations import (
    bulk,
    holds,
    metafields,
    moves,
    orders,
    products,
    refunds,
    webhooks,
)


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
    for module in (orders, metafields, holds, moves, products, refunds, webhooks, bulk)
    for name, write in module.MUTATIONS.items()
}
