"""One API request under way, and what may be wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.sandbox.bigcommerce.books import Books
    from app.sandbox.bigcommerce.records import Order
    from app.sandbox.bigcommerce.store import SandboxStore

Json = Any
STATUS_PAGE = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"
NOT_FOUND = "The requested resource was not found."


class ApiError(Exception):
    """A refusal. v2 says it in a list, v3 as a problem."""

    def __init__(self, status: int, title: str, details: Json = None) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.details = details

    def body(self, version: str) -> Json:
        """The refusal as the version words it."""
        if version == "v2":
            said: dict[str, Json] = {"status": self.status, "message": self.title}
            return [said | ({"details": self.details} if self.details else {})]
        return problem(self.status, self.title) | {"errors": self.details or {}}


class NotModelled(ApiError):
    """BigCommerce can do this and the sandbox can't: better no answer than a made-up one."""

    def __init__(self, what: str) -> None:
        super().__init__(501, f"the sandbox does not model {what}")


def problem(status: int, title: str) -> dict[str, Json]:
    """A v3 refusal."""
    return {"status": status, "title": title, "type": STATUS_PAGE}


@dataclass(frozen=True)
class Reply:
    """An answer; no body at all with 204."""

    body: Json = None
    status: int = 200


Handler = Callable[["Call"], Reply]


@dataclass(frozen=True)
class Call:
    """The store that is asked, the request's number, and what it says."""

    store: SandboxStore
    number: int
    version: str
    ids: Mapping[str, int]
    query: Mapping[str, str]
    sent: Json = None

    @property
    def books(self) -> Books:
        """The store's state."""
        return self.store.books

    def honour(self, *names: str) -> None:
        """Refuse query parameters other than these: they would be ignored."""
        for name in self.query.keys() - set(names):
            raise NotModelled(f"the query parameter {name}")

    def order(self) -> Order:
        """The order that the path names, archived or not."""
        order = self.books.orders.get(self.ids["order_id"])
        if order is None:
            raise ApiError(404, NOT_FOUND)
        return order

    def numbers(self, name: str) -> set[int] | None:
        """A list of ids in the query, None if it isn't there."""
        text = self.query.get(name)
        return None if text is None else {int(number) for number in text.split(",") if number}

    def words(self, name: str) -> set[str] | None:
        """A list of words in the query, None if it isn't there."""
        text = self.query.get(name)
        return None if text is None else set(text.split(","))

    def window(self, *, most: int, usual: int = 50) -> tuple[int, int]:
        """The page asked for, and its size."""
        page, limit = int(self.query.get("page", 1)), int(self.query.get("limit", usual))
        if page < 1 or not 1 <= limit <= most:
            raise ApiError(400 if self.version == "v2" else 422, "The field 'limit' is invalid.")
        return page, limit

    def part(self, records: Sequence[Any], show: Callable[[Any], Json]) -> Reply:
        """A v2 list: nothing at all where there is nothing to show."""
        page, limit = self.window(most=250)
        shown = [show(one) for one in records[(page - 1) * limit : page * limit]]
        return Reply(shown) if shown else Reply(status=204)

    def paged(self, records: Sequence[Any], show: Callable[[Any], Json], *, most: int = 250) -> Reply:
        """A v3 list."""
        page, limit = self.window(most=most)
        shown = [show(one) for one in records[(page - 1) * limit : page * limit]]
        pages = max(1, ceil(len(records) / limit))
        links = {"current": f"?page={page}&limit={limit}"}
        links |= {"next": f"?page={page + 1}&limit={limit}"} if page < pages else {}
        links |= {"previous": f"?page={page - 1}&limit={limit}"} if page > 1 else {}
        pagination = {
            "total": len(records),
            "count": len(shown),
            "per_page": limit,
            "current_page": page,
            "total_pages": pages,
            "links": links,
        }
        return Reply({"data": shown, "meta": {"pagination": pagination}})


def read_date(text: str) -> datetime:
    """A date in a query, as mails or ISO 8601 write it."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = read(text)
        except ValueError:
            continue
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    raise ApiError(400, f"The date {text!r} is invalid.")
