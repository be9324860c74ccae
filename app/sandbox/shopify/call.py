"""One API request under way, as resolvers see it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from app.sandbox.shopify import access, paging

if TYPE_CHECKING:
    from app.sandbox.shopify.books import Books
    from app.sandbox.shopify.shop import SandboxShop

Args = Mapping[str, Any]
Answer = Callable[[Any, "Call", Args], Any]

GID = re.compile(r"gid://shopify/(\w+)/(\d+)(?:\?inventory_item_id=(\d+))?")


@dataclass
class Call:
    """The shop that is asked, the request's number, and the address under which the shop is reached;
    `idempotency_key` is that of the mutation which is run."""

    shop: SandboxShop
    number: int
    base_url: str
    is_bulk: bool = False
    idempotency_key: str = ""

    @property
    def books(self) -> Books:
        """The shop's state."""
        return self.shop.books

    def demand(self, wanted: Collection[str], *, what: str) -> None:
        """Refuse unless one of these access scopes is granted."""
        if not access.is_open(self.shop.scopes, wanted):
            needs = access.words(wanted)
            raise GraphQLError(
                f"Access denied for {what} field. Required access: {needs}",
                extensions={
                    "code": "ACCESS_DENIED",
                    "documentation": "https://shopify.dev/api/usage/access-scopes",
                    "requiredAccess": needs,
                },
            )

    def page(self, records: Any, args: Args, *, key: paging.Key) -> paging.Page:
        """The part of a list that is asked for; a bulk operation reads it whole."""
        return paging.whole(records, key=key) if self.is_bulk else paging.page(records, args, key=key)


def iso(at: datetime | None) -> str | None:
    """A GraphQL timestamp: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def read_gid(text: str, kind: str | None = None) -> tuple[str, int]:
    """The type and number of a global id; an id of another form or type is refused."""
    match = GID.fullmatch(text)
    if not match or (kind and match[1] != kind):
        raise GraphQLError(
            f"Invalid global id '{text}'", extensions={"code": "argumentLiteralsIncompatible"}
        )
    return match[1], int(match[2])
