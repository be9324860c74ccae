"""Everything that happened, filtered, and as a file for a spreadsheet."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from flask import Blueprint, Response, request

from app.core.bounds import is_possible
from app.db.pages import activity
from app.db.pages.activity import Happening, Wanted
from app.db.pages.paging import Turn
from app.pipeline.runtime import Runtime
from app.web.pages.event_labels import KINDS, cause_in_words, kind_in_words
from app.web.pages.formatting import Words
from app.web.pages.frame import is_fragment, open_shop, read_text, read_turn, turn_values

_COLUMNS = ("when", "what", "order", "item", "sku", "before", "after", "why", "cause")

# A cell that begins so would be run as a formula by the spreadsheet that opens it:
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Address:
    """What the address asks for. Days are the shop's; what makes no sense reads as if it were not
    there."""

    kind: str
    text: str
    since: date | None
    until: date | None
    turn: Turn

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


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The list and its file."""
    blueprint = Blueprint("activity", __name__)

    @blueprint.get("/shops/<int:shop_id>/activity")
    def listing(shop_id: int) -> str:
        address = _read_address()
        with open_shop(runtime, shop_id) as opened:
            return opened.render(
                "activity_list.html" if is_fragment() else "activity.html",
                page_name="activity.listing",
                found=activity.list_events(opened.session, shop_id, address.wanted(opened.say)),
                kinds=activity.list_kinds(opened.session, shop_id, list(KINDS)),
                address=address,
                kind_in_words=kind_in_words,
                cause_in_words=cause_in_words,
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


def _written(runtime: Runtime, shop_id: int, address: Address) -> Iterator[str]:
    """The file, line by line: a shop's whole history need not fit into memory. A byte-order mark tells
    spreadsheets that it is UTF-8."""
    with open_shop(runtime, shop_id) as opened:
        yield "\ufeff" + _line(_COLUMNS)
        wanted = replace(address.wanted(opened.say), turn=Turn())
        for happening in activity.walk_events(opened.session, shop_id, wanted):
            yield _line(_cells(happening, opened.say))


def _cells(happening: Happening, say: Words) -> tuple[str, ...]:
    event = happening.event
    return (
        event.at.astimezone(say.zone).isoformat(timespec="seconds"),
        kind_in_words(event.kind),
        happening.order_name,
        happening.item_title,
        happening.item_sku,
        event.before,
        event.after,
        event.why,
        cause_in_words(event.cause),
    )


def _line(cells: tuple[str, ...]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return written.getvalue()


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
