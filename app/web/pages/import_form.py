"""The form in which a merchant says how a file is to be read."""

from collections.abc import Mapping

from flask import request

from app.pipeline.files.amounts import AMOUNTS
from app.pipeline.files.columns import NEEDED
from app.pipeline.files.days import WEEKDAYS
from app.pipeline.files.fold import fold
from app.pipeline.files.options import Options, answered, iso_day
from app.pipeline.files.vocabulary import IN_WORDS, STATES

DATE_ORDERS = {"dmy": "day first (31/12/2026)", "mdy": "month first (12/31/2026)"}
DECIMALS = {".": "with a decimal point (1,200.50)", ",": "with a decimal comma (1.200,50)"}
MEANINGS = {
    "open": "on order, still coming",
    "draft": "not ordered yet",
    "cancelled": "canceled",
    "closed": "closed or received",
}
COUNTED = {"units": "single units", "packs": "packs"}
VALUES = ("reference", "expected_on", "location", "supplier")
"""What may be the same for all lines of a file that does not say it."""

AUTO = "*"
_LONGEST = 200


def read_options(earlier: Options) -> Options:
    """What the form says; what it does not hold stays as it was said before."""
    columns = {role: said for role in IN_WORDS if (said := _field(f"column.{role}", AUTO)) != AUTO}
    values = {role: said for role in VALUES if (said := _field(f"value.{role}"))}
    return Options(
        columns=columns,
        values=values,
        states={**earlier.states, **_answers("state.", known=STATES)},
        skus={**earlier.skus, **_answers("sku.")},
        places={**earlier.places, **_answers("place.")},
        counts=_answers("counts.", known=COUNTED) or earlier.counts,
        date_order=_one_of("date_order", DATE_ORDERS),
        decimal=_one_of("decimal", DECIMALS),
        week_day=_one_of("week_day", WEEKDAYS),
        first_day=_day("first_day"),
        sheet=_field("sheet") or earlier.sheet,
        is_complete=bool(request.form.get("is_complete")),
    )


def with_answer(said: Options) -> Options:
    """The same with the answer whose button was pressed, if one was."""
    field, sign, value = _field("answer").partition("=")
    try:
        return answered(said, field, value) if sign else said
    except ValueError:
        return said


def first_options() -> Options:
    """What is said when the file is chosen."""
    return Options(
        date_order=_one_of("date_order", DATE_ORDERS),
        is_complete=bool(request.form.get("is_complete")),
    )


def choices() -> Mapping[str, object]:
    """What the form offers, for its template."""
    return {
        "roles": IN_WORDS,
        "needed": NEEDED,
        "date_orders": DATE_ORDERS,
        "decimals": DECIMALS,
        "week_days": [*WEEKDAYS],
        "meanings": MEANINGS,
        "amounts": AMOUNTS,
        "counted": COUNTED,
        "values": VALUES,
        "auto": AUTO,
        "fold": fold,
    }


def _field(name: str, otherwise: str = "") -> str:
    return request.form.get(name, otherwise).strip()[:_LONGEST]


def _day(name: str) -> str | None:
    """A day of the browser's own field; None for what is none."""
    try:
        return iso_day(_field(name))
    except ValueError:
        return None


def _one_of(name: str, known: Mapping[str, object]) -> str | None:
    said = _field(name)
    return said if said in known else None


def _answers(prefix: str, *, known: Mapping[str, object] | None = None) -> dict[str, str]:
    """The answers to questions whose subject stands in the field's name."""
    found = {}
    for name, said in request.form.items():
        subject = name.removeprefix(prefix)
        if subject != name and said.strip() and (known is None or said in known):
            found[subject[:_LONGEST]] = said.strip()[:_LONGEST]
    return found
