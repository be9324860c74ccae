"""The list of orders: who is short now, since when, until when, for what."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, request

from app.db.pages import orders
from app.db.pages.paging import Turn
from app.pipeline.runtime import Runtime
from app.web.pages.frame import is_fragment, open_shop, read_text, read_turn, turn_values
from app.web.pages.states import LABELS, badges

_SORTS = {
    "placed": "Oldest order first",
    "newest": "Newest order first",
    "waiting": "Waiting longest first",
    "expected": "Expected soonest first",
}
_NEWEST_FIRST = {"all", "released"}


@dataclass(frozen=True)
class Address:
    """What the address of the list says, so that a link shows everybody the same. What makes no sense
    reads as if it were not there."""

    list_name: str
    sort_name: str
    text: str
    turn: Turn
    is_list_named: bool

    @property
    def is_sorted(self) -> bool:
        """Whether it asks for another order than the list's usual one."""
        return self.sort_name != _usual_sort(self.list_name)

    def page_values(self) -> dict[str, object]:
        """The arguments of this very page."""
        return self.values() | turn_values(self.turn)

    def values(self, **changes: object) -> dict[str, object]:
        """The address's arguments with other ones in place; those that say nothing are left out. A
        changed list begins at its first page."""
        sort = self.sort_name if self.is_sorted else None
        now = {"list": self.list_name, "sort": sort, "q": self.text} | changes
        return {name: value for name, value in now.items() if value}

    def wanted(self, today: date) -> orders.Wanted:
        """What to read."""
        return orders.Wanted(today, self.list_name, self.sort_name, self.text, self.turn)


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The list, whole or the part that changes."""
    blueprint = Blueprint("orders", __name__)

    @blueprint.get("/shops/<int:shop_id>/orders")
    def listing(shop_id: int) -> str:
        address = _read_address()
        with open_shop(runtime, shop_id) as opened:
            return opened.render(
                "orders_list.html" if is_fragment() else "orders.html",
                page_name="orders.listing",
                found=orders.list_orders(opened.session, shop_id, address.wanted(opened.say.today)),
                counts=orders.count_lists(opened.session, shop_id, today=opened.say.today),
                counted=orders.COUNTED,
                address=address,
                labels=LABELS,
                sorts=_SORTS,
                badges=badges,
            )

    return blueprint


def _read_address() -> Address:
    """Whoever searches without naming a list means all orders."""
    text = read_text()
    list_name = request.args.get("list", "")
    is_list_named = list_name in orders.LISTS
    if not is_list_named:
        list_name = "all" if text else "short"
    sort_name = request.args.get("sort", "")
    if sort_name not in orders.SORTS:
        sort_name = _usual_sort(list_name)
    return Address(list_name, sort_name, text, read_turn(orders.SORTS[sort_name]), is_list_named)


def _usual_sort(list_name: str) -> str:
    return "newest" if list_name in _NEWEST_FIRST else "placed"
