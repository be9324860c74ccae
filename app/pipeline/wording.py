"""The words of our block and metafields, in the shop's locale."""

from collections.abc import Sequence
from datetime import date

import msgspec
from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from app.core.desired import Desired, ItemState, Status
from app.core.note import CLOSE, OPEN

BLOCK_LIMIT = 1000
METAFIELDS = ("status", "eta", "lines")


def block_texts(want: Desired, *, locale: str, words: Sequence[str] = ()) -> list[str]:
    """Our block, the fullest wording first: one that does not fit into a note gives way to the next.
    Empty where nothing should be shown. `words` stand on its first line, where orders carry no tags."""
    heading = _HEADINGS[want.status](want, locale)
    if heading is None:
        return []
    lines = [_item_line(item, locale) for item in _short_first(want) if item.outstanding > 0]
    top = [" ".join(words), heading] if words else [heading]
    texts = [
        _block([*top, *lines[:count], *_and_more(len(lines) - count)])
        for count in range(len(lines), -1, -1)
    ]
    return [text for text in dict.fromkeys([*texts, _block(top)]) if len(text) <= BLOCK_LIMIT]


def _block(lines: list[str]) -> str:
    return "\n".join([OPEN, *lines, CLOSE])


def _short_first(want: Desired) -> list[ItemState]:
    """What waits comes first, so that it survives if the block must be cut."""
    return sorted(want.items, key=lambda item: item.short == 0)


def _backordered(want: Desired, locale: str) -> str:
    if want.eta is None:
        return "Waiting for stock, no date known yet"
    return f"Expected to ship by {_day(want.eta, locale)}"


def _released(want: Desired, locale: str) -> str | None:
    return (
        None
        if want.released_on is None
        else f"Released {_day(want.released_on, locale)}: the stock has arrived"
    )


def _nothing(want: Desired, locale: str) -> None:
    return None


_HEADINGS = {Status.NONE: _nothing, Status.BACKORDERED: _backordered, Status.RELEASED: _released}


def _item_line(item: ItemState, locale: str) -> str:
    name = f"{item.title} ({item.sku})" if item.sku else item.title
    # A title is the merchant's free text; one that spells our markers must not end the block. They are
    # not just cut out: what is left on both sides of one could spell the next.
    name = " ".join(name.replace(OPEN, "(backorder)").replace(CLOSE, "(/backorder)").split())
    if item.short == 0:
        return f"{item.outstanding} × {name}: in stock"
    count = f"{item.short}" if item.short == item.outstanding else f"{item.short} of {item.outstanding}"
    when = _day(item.expected_on, locale) if item.expected_on else "no date known yet"
    return f"{count} × {name}: {when}"


def _and_more(hidden: int) -> list[str]:
    return [f"and {hidden} more"] if hidden > 0 else []


def _day(day: date, locale: str) -> str:
    """The day in the shop's language; a locale that Babel does not know reads as American English."""
    try:
        return format_date(
            day, format="medium", locale=Locale.parse(locale, sep="-" if "-" in locale else "_")
        )
    except (UnknownLocaleError, ValueError):
        return format_date(day, format="medium", locale="en_US")


def metafields(want: Desired) -> dict[str, str | date]:
    """Our machine-readable keys: `status`, `eta` (left out while unknown), and `lines`, a JSON list of
    the short items."""
    if want.status is Status.NONE:
        return {}
    short = [
        {
            "item": item.item_id,
            "sku": item.sku,
            "short": item.short,
            "of": item.outstanding,
            "expected": item.expected_on,
        }
        for item in want.items
        if item.short > 0
    ]
    values: dict[str, str | date] = {
        "status": want.status.value,
        "lines": msgspec.json.encode(short).decode(),
    }
    return values if want.eta is None else values | {"eta": want.eta}
