"""How a field of a type is answered from a record: makers of answers."""

from typing import Any

from app.sandbox.shopify import marks
from app.sandbox.shopify.call import Answer, Args, Call, iso
from app.sandbox.shopify.paging import Page
from app.sandbox.shopify.payloads import gid
from app.sandbox.shopify.records import Metafield


def gid_of(kind: str, attribute: str) -> Answer:
    """The global id of that kind that an attribute numbers."""
    return lambda record, call, args: gid(kind, getattr(record, attribute))


def text_of(attribute: str) -> Answer:
    """A number as text, as ids of the REST API are given."""
    return lambda record, call, args: str(getattr(record, attribute))


def value_of(attribute: str) -> Answer:
    """The attribute as it is."""
    return lambda record, call, args: getattr(record, attribute)


def time_of(attribute: str) -> Answer:
    """The attribute as a GraphQL timestamp."""
    return lambda record, call, args: iso(getattr(record, attribute))


def always(value: Any) -> Answer:
    """The same for every record."""
    return lambda record, call, args: value


def metafield_of(kind: str, attribute: str) -> Answer:
    """One metafield, by namespace and key, of the owner that an attribute numbers."""

    def answer(record: Any, call: Call, args: Args) -> Metafield | None:
        owner = gid(kind, getattr(record, attribute))
        return marks.find_metafield(call.books, owner, args.get("namespace"), key=args["key"])

    return answer


def metafields_of(kind: str, attribute: str) -> Answer:
    """All metafields of that owner, page by page, or those of a namespace or of some keys."""

    def answer(record: Any, call: Call, args: Args) -> Page:
        found = marks.metafields_of(call.books, gid(kind, getattr(record, attribute)))
        if args.get("namespace"):
            namespace = marks.resolve_namespace(call.books, args["namespace"])
            found = [one for one in found if one.namespace == namespace]
        if args.get("keys") is not None:
            wanted = {_full_key(call, key) for key in args["keys"]}
            found = [one for one in found if (one.namespace, one.key) in wanted]
        return call.page(found, args, key=lambda one: (one.metafield_id,))

    return answer


def _full_key(call: Call, text: str) -> tuple[str, str]:
    namespace, _, key = text.rpartition(".")
    return marks.resolve_namespace(call.books, namespace or None), key
