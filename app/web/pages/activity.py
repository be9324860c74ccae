"""Everything that happened, filtered, and as a file for a spreadsheet."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from flask import Blueprint, Response, request

from app.core.bounds import is_possible
from app.db.models import Event
from app.db.pages import activity
from app.db.pages.activity import NamedEvent, Wanted
from app.db.pages.paging import PageRequest
from app.pipeline.runtime import Runtime
from app.platforms.registry import PLATFORMS
from app.web.pages.cells import cell_line
from app.web.pages.event_labels import KINDS, Happened, kind_in_words, told
from app.web.pages.formatting import Words
from app.web.pages.frame import OpenShop, is_fragment, open_shop, read_text, read_turn, turn_values

_COLUMNS = ("when", "what", "order", "item", "sku", "before", "after", "why", "cause")


@dataclass(frozen=True)
class Address:
    """What the address asks for. Days are the shop's; what makes no sense reads as if it were not
    there."""

    kind: str
    text: str
    since: date | None
    until: date | None
    turn: PageRequest

    def values(self) -> dict[str, object]:
        """The address's arguments without the page."""
        said = {"kind": self.kind, "q": self.text, "since": self.since, "until": self.until}
        return {name: str(value) for name, value in said.items() if value}

    def page_values(self) -> dict[str, object]:
        """The arguments of this very page."""
        return self.values() | turn_values(self.turn)

    def wanted(self, say: Words) -> Wanted:
        """What to read: whole days of the shop."""
        return Wanted(
            self.kind,
            self.text,
            say.start_of(self.since) if self.since else None,
            say.start_of(self.until + timedelta(days=1)) if self.until else None,
            self.turn,
        )


@dataclass(frozen=True)
class Row:
    """One event of the list, in words."""

    event: Event
    said: Happened
    order_name: str
    item_title: str
    item_sku: str


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The list and its file."""
    blueprint = Blueprint("activity", __name__)

    @blueprint.get("/shops/<int:shop_id>/activity")
    def listing(shop_id: int) -> str:
        address = _read_address()
        with open_shop(runtime, shop_id) as opened:
            found = activity.list_events(opened.session, shop_id, address.wanted(opened.say))
            return opened.render(
                "activity_list.html" if is_fragment() else "activity.html",
                page_name="activity.listing",
                found=found,
                rows=list(_told(found.rows, opened)),
                kinds=activity.list_kinds(opened.session, shop_id, list(KINDS)),
                address=address,
                kind_in_words=kind_in_words,
            )

    @blueprint.get("/shops/<int:shop_id>/activity.csv")
    def export(shop_id: int) -> Response:
        address = _read_address()
        with open_shop(runtime, shop_id) as opened:
            name = f"backline-activity-{opened.say.today.isoformat()}.csv"
        return Response(
            _written(runtime, shop_id, address),
            mimetype="text/csv",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    return blueprint


def _told(named_events: Iterable[NamedEvent], opened: OpenShop) -> Iterator[Row]:
    """What changed nothing is left out."""
    platform = PLATFORMS[opened.shop.platform].title
    for one in named_events:
        said = told(one.event, platform)
        if said is not None:
            yield Row(one.event, said, one.order_name, one.item_title, one.item_sku)


def _written(runtime: Runtime, shop_id: int, address: Address) -> Iterator[str]:
    """The file, line by line: a shop's whole history need not fit into memory. A byte-order mark tells
    spreadsheets that it is UTF-8."""
    with open_shop(runtime, shop_id) as opened:
        yield "\ufeff" + cell_line(_COLUMNS)
        wanted = replace(address.wanted(opened.say), turn=PageRequest())
        for named in activity.walk_events(opened.session, shop_id, wanted):
            for row in _told([named], opened):
                yield cell_line(_cells(row, opened.say))


def _cells(row: Row, say: Words) -> tuple[str, ...]:
    said = row.said
    return (
        row.event.at.astimezone(say.zone).isoformat(timespec="seconds"),
        said.what,
        row.order_name,
        row.item_title,
        row.item_sku,
        said.before,
        said.after,
        said.why,
        f"{said.cause} ({said.source})" if said.source else said.cause,
    )


def _read_address() -> Address:
    kind = request.args.get("kind", "")
    text = read_text()
    return Address(
        kind if kind in KINDS else "",
        text,
        _read_day("since"),
        _read_day("until"),
        read_turn(activity.NEWEST_FIRST),
    )


def _read_day(name: str) -> date | None:
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if is_possible(day) else None
