"""What a person says of how a file is to be read; all of it may be left out."""

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from app.pipeline.files.amounts import AMOUNTS, COUNTS
from app.pipeline.files.columns import DAYS
from app.pipeline.files.fold import fold
from app.pipeline.files.vocabulary import IN_WORDS, STATES


class FirstColumn(msgspec.Struct, frozen=True):
    """The day that the first of several columns meant in an earlier file, and the day when that was
    said, both as in ISO 8601."""

    day: str
    said_on: str


class Options(msgspec.Struct, frozen=True, omit_defaults=True):
    """`columns` names the column of a role ("" for none), `values` what stands for it in every line
    that does not say it. `states` says what a status means (open, draft, cancelled or closed), by its
    folded word; `skus` which of the shop's SKUs a file's SKU means, in lower case; `places` likewise
    which location a name means. `date_order` is dmy or mdy, `decimal` the sign "." or ",".
    `week_day` is the day of a week on which goods come where only the week is named (None: Friday).
    `first_day`, as in ISO 8601, is the day that the first of the columns of days, weeks or months means;
    it holds for this file alone; `earlier_first` is what was said of the last one that had to be asked.
    `counts` says of a role's column whether it counts units or packs; None is what builds remember that
    did not ask it, and took every column for packs beside one of packs.
    `is_complete`: the file holds every open purchase order, so one that is no longer in it is closed.
    """

    columns: Mapping[str, str] = {}
    values: Mapping[str, str] = {}
    states: Mapping[str, str] = {}
    skus: Mapping[str, str] = {}
    places: Mapping[str, str] = {}
    counts: Mapping[str, str] | None = None
    date_order: str | None = None
    decimal: str | None = None
    week_day: str | None = None
    first_day: str | None = None
    earlier_first: FirstColumn | None = None
    sheet: str | None = None
    is_complete: bool = False

    def with_those_of(self, earlier: "Options") -> "Options":
        """These, and what an earlier file of this layout was told beside them."""
        return Options(
            columns={**earlier.columns, **self.columns},
            values={**earlier.values, **self.values},
            states={**earlier.states, **self.states},
            skus={**earlier.skus, **self.skus},
            places={**earlier.places, **self.places},
            counts=_both(self.counts, earlier.counts),
            date_order=self.date_order or earlier.date_order,
            decimal=self.decimal or earlier.decimal,
            week_day=self.week_day or earlier.week_day,
            first_day=self.first_day,
            earlier_first=self.earlier_first or earlier.earlier_first,
            sheet=self.sheet or earlier.sheet,
            is_complete=self.is_complete or earlier.is_complete,
        )

    def lasting(self, said_on: date) -> "Options":
        """What of these holds for later files of the layout, said on that day. The next file is about
        another purchase order and another day, unless each file lists everything open under one
        number; what its first column means follows from what that of this one did."""
        passing = DAYS | ({"reference"} if not self.is_complete else frozenset())
        values = {role: value for role, value in self.values.items() if role not in passing}
        said = FirstColumn(self.first_day, str(said_on)) if self.first_day else self.earlier_first
        return msgspec.structs.replace(
            self, values=values, sheet=None, first_day=None, earlier_first=said
        )


def _both(now: Mapping[str, str] | None, earlier: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if now is None and earlier is None else {**(earlier or {}), **(now or {})}


def pairs(words: Iterable[str], *, what: str) -> dict[str, str]:
    """`name=value` words as a mapping. Raises `ValueError` that names the word."""
    found = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not name.strip():
            raise ValueError(f"{what} {word!r}: write it as name=value.")
        found[name.strip()] = value.strip()
    return found


def answered(options: Options, field: str, value: str) -> Options:
    """The options with one answer of a question (see `text.Answer`). What is none changes nothing."""
    kind, _, role = field.partition(".")
    if kind == "column" and role in IN_WORDS:
        return msgspec.structs.replace(options, columns={**options.columns, role: value})
    if kind == "counts" and role in AMOUNTS and value in COUNTS:
        return msgspec.structs.replace(options, counts={**(options.counts or {}), role: value})
    if field == "date_order" and value in ("dmy", "mdy"):
        return msgspec.structs.replace(options, date_order=value)
    if field == "first_day":
        return msgspec.structs.replace(options, first_day=iso_day(value))
    return options


def iso_day(text: str) -> str:
    """A day as a person writes it for a form or command. Raises `ValueError` that says how."""
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError as error:
        raise ValueError(f"{text!r} is no day: write it as 2026-12-31.") from error


def _states_in_words(states: Iterable[str]) -> dict[str, str]:
    # The platforms' own word for the state is "cancelled"; Americans write it with one l.
    said = {
        fold(word): meaning.replace("canceled", "cancelled")
        for word, meaning in pairs(states, what="--status").items()
    }
    for word, meaning in said.items():
        if meaning not in STATES:
            known = ", ".join(STATES).replace("cancelled", "canceled")
            raise ValueError(f"--status {word}={meaning}: a status means one of {known}.")
    return said


def options_in_words(
    *,
    columns: Iterable[str] = (),
    values: Iterable[str] = (),
    states: Iterable[str] = (),
    skus: Iterable[str] = (),
    places: Iterable[str] = (),
    counts: Iterable[str] = (),
    date_order: str | None = None,
    decimal: str | None = None,
    week_day: str | None = None,
    first_day: str | None = None,
    sheet: str | None = None,
    is_complete: bool = False,
) -> Options:
    """What a person wrote as `name=value` words. Raises `ValueError` with what to write instead."""
    said_columns = pairs(columns, what="--column")
    said_values = pairs(values, what="--value")
    for role in (*said_columns, *said_values):
        if role not in IN_WORDS:
            raise ValueError(f"There is nothing called {role!r} to set. Known: {', '.join(IN_WORDS)}.")
    said_counts = pairs(counts, what="--counts")
    for role, counted in said_counts.items():
        if role not in AMOUNTS or counted not in COUNTS:
            known = ", ".join(AMOUNTS)
            raise ValueError(f"--counts {role}={counted}: write units or packs, for one of {known}.")
    return Options(
        columns={role: "" if name == "none" else name for role, name in said_columns.items()},
        values=said_values,
        states=_states_in_words(states),
        skus={sku.lower(): meant for sku, meant in pairs(skus, what="--sku").items()},
        places={name.casefold(): place for name, place in pairs(places, what="--place").items()},
        counts=said_counts or None,
        date_order=date_order,
        decimal={"point": ".", "comma": ","}.get(decimal or ""),
        week_day=week_day,
        first_day=iso_day(first_day) if first_day else None,
        sheet=sheet,
        is_complete=is_complete,
    )
