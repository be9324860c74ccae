"""The words of our block and metafields, in the shop's locale."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from string import Formatter

import msgspec
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval

from app.core.desired import WAITING, Desired, ItemState, Status
from app.core.note import CLOSE, OPEN
from app.pipeline.sentences import Sentences, default_sentences, language_of, languages

BLOCK_LIMIT = 1000
METAFIELDS = ("status", "eta", "lines")


def block_texts(
    want: Desired, *, locale: str, sentences: Sentences | None = None, words: Sequence[str] = ()
) -> list[str]:
    """Our block, the fullest wording first: one that does not fit into a note gives way to the next.
    Empty where nothing should be shown. `sentences` are ours in the language of the locale unless
    told otherwise; `words` stand on its first line, where orders carry no tags."""
    said = default_sentences(language_of(locale)) if sentences is None else sentences
    heading = _heading(want, locale, said)
    if heading is None:
        return []
    in_stock = {item_id for item_id, _ in want.in_stock}
    lines = [
        _item_line(item, locale, said)
        for item in _short_first(want)
        if item.short > 0 or item.item_id in in_stock
    ]
    top = [_one_line(text) for text in ([" ".join(words), heading] if words else [heading])]
    texts = [
        _block([*top, *lines[:count], *_and_more(len(lines) - count, said)])
        for count in range(len(lines), -1, -1)
    ]
    return [text for text in dict.fromkeys([*texts, _block(top)]) if len(text) <= BLOCK_LIMIT]


def is_in_our_words(block: str, own: Mapping[str, Sentences]) -> bool:
    """Whether a block's heading is one of our sentences, in any language, or one of the merchant's `own`
    (by language): a person does not write these between our marks, but other apps copy them."""
    headings = {
        said[name]
        for said in (*map(default_sentences, languages()), *own.values())
        for name in _HEADINGS
        if name in said
    }
    return any(
        _heading_pattern(one).fullmatch(line) is not None
        for one in headings
        for line in block.splitlines()[1:3]
    )


_HEADINGS = ("expected", "between", "unknown", "decision", "released", "served")
_FEWEST_LETTERS = 4


@cache
def _heading_pattern(template: str) -> re.Pattern[str]:
    """What a heading looks like with its places filled in. One that is hardly more than a date would
    take any text for ours, and takes none."""
    parts = [(text, name) for text, name, _, _ in Formatter().parse(_one_line(template))]
    if sum(letter.isalpha() for text, _ in parts for letter in text) < _FEWEST_LETTERS:
        return re.compile(r"(?!)")
    return re.compile("".join(re.escape(text) + ("" if name is None else ".+") for text, name in parts))


def _block(lines: list[str]) -> str:
    return "\n".join([OPEN, *lines, CLOSE])


def _short_first(want: Desired) -> list[ItemState]:
    """What waits comes first, so that it survives if the block must be cut."""
    return sorted(want.items, key=lambda item: item.short == 0)


def _heading(want: Desired, locale: str, said: Sentences) -> str | None:
    if want.status is Status.REVIEW:
        return _fill(said["decision"])
    if want.status in WAITING:
        if want.eta and want.early and want.early < want.eta:
            return _fill(said["between"], range=days_in_words(want.early, want.eta, locale))
        return waiting_in_words(want.eta, locale, said)
    if want.released_on is None:
        return None
    which = "released" if want.has_arrived else "served"
    return _fill(said[which], date=day_in_words(want.released_on, locale))


def waiting_in_words(eta: date | None, locale: str, said: Sentences) -> str:
    """What an order that waits until then says of itself, in one line."""
    if eta is None:
        return _fill(said["unknown"])
    return _one_line(_fill(said["expected"], date=day_in_words(eta, locale)))


def _item_line(item: ItemState, locale: str, said: Sentences) -> str:
    known = {
        "item": f"{item.title} ({item.sku})" if item.sku else item.title,
        "title": item.title,
        "sku": item.sku,
        "short": item.short,
        "quantity": item.outstanding,
        "when": _when(item, locale, said),
    }
    if item.short == 0:
        return _one_line(_fill(said["in_stock"], **known))
    which = "all_short" if item.short == item.outstanding else "some_short"
    return _one_line(_fill(said[which], **known))


def _when(item: ItemState, locale: str, said: Sentences) -> str:
    if item.expected_on:
        if item.early_on and item.early_on < item.expected_on:
            return days_in_words(item.early_on, item.expected_on, locale)
        return day_in_words(item.expected_on, locale)
    return _fill(said["never" if item.asks_for is Status.REVIEW else "no_date"])


def _fill(template: str, **known: object) -> str:
    """The sentence; its placeholders were checked when it was written (see `check_template`)."""
    return template.format_map(known)


def _one_line(text: str) -> str:
    """A title is the merchant's free text; one that spells our markers must not end the block. They are
    not just cut out: what is left on both sides of one could spell the next."""
    return " ".join(text.replace(OPEN, "(backorder)").replace(CLOSE, "(/backorder)").split())


def _and_more(hidden: int, said: Sentences) -> list[str]:
    return [_one_line(_fill(said["more"], count=hidden))] if hidden > 0 else []


def day_in_words(day: date, locale: str) -> str:
    """The day in the shop's language; a locale that Babel does not know reads as American English."""
    return format_date(day, format="medium", locale=_locale(locale))


def days_in_words(first: date, last: date, locale: str) -> str:
    """From one day to another, in the shop's language: Dec 5 – 9, 2026."""
    said = format_interval(first, last, skeleton="yMMMd", locale=_locale(locale))
    return " ".join(said.split())  # Unicode's thin spaces are boxes in many a mail program


def _locale(name: str) -> Locale:
    try:
        return Locale.parse(name, sep="-" if "-" in name else "_")
    except (UnknownLocaleError, ValueError):
        return Locale("en", "US")


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
