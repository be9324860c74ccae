"""Whose calendar says on which days a shop works: a country's, or that of a part of it.

The `holidays` library answers, never its tables: the weekend of Kedah, Kelantan and Terengganu is Friday
and Saturday, that of the rest of Malaysia is not, and Hungary works on some Saturdays.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from app.core.bounds import YEARS_AHEAD
from app.core.working_days import EVERY_DAY, WorkingDays
from app.db.models import Shop

if TYPE_CHECKING:
    from holidays import HolidayBase


class CountryError(ValueError):
    """A country that tells nothing of the days on which a shop works; the text says what would."""


class Calendars(NamedTuple):
    """Whose days count beside the shop's own: those on which its carrier comes, and those on which each
    of its suppliers delivers, by the supplier's name in lower case. Of others every day is one."""

    carrier: WorkingDays = EVERY_DAY
    suppliers: Mapping[str, WorkingDays] = MappingProxyType({})

    def of_supplier(self, name: str) -> WorkingDays:
        """The days on which that supplier delivers."""
        return self.suppliers.get(name.casefold(), EVERY_DAY)


NO_CALENDARS = Calendars()


def calendars_of(shop: Shop, year: int) -> Calendars:
    """The calendars that a shop's merchant has named, from that year on."""
    named = supplier_countries(shop.supplier_countries)
    return Calendars(
        working_days_of(shop.carrier_country, year),
        {name.casefold(): working_days_of(country, year) for name, country in named.items()},
    )


def supplier_countries(text: str) -> dict[str, str]:
    """The country of each supplier, as one writes them: "Acme = CN; Beta Ltd. = GB-Scotland". Raises
    `CountryError`."""
    named: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in text.replace("\n", ";").split(";"))):
        name, is_named, country = (each.strip() for each in part.rpartition("="))
        if not name or not is_named or not country:
            raise CountryError(
                f"{part} names no supplier and country. Write Acme = CN; Beta Ltd. = GB-Scotland."
            )
        named[name] = country_code(country)
    return named


def country_code(typed: str) -> str:
    """The code of what was typed: US, DE-BY, GB-SCT for "gb-Scotland". Empty for nothing.

    Raises `CountryError` for an unknown one, and for a country whose every part has holidays that the
    country alone has not (Great Britain has no Easter Monday, which England has).
    """
    code, _, part = typed.strip().replace("_", "-").partition("-")
    code = code.strip().upper()
    if not code:
        return ""
    known = _parts_of(code)
    if known is None:
        raise CountryError(
            f"There is no calendar for {code}. Use an ISO code such as US, DE-BY, or GB-SCT."
        )
    if not part:
        if known and _needs_part(code):
            raise CountryError(
                f"Holidays differ within {code}. Add the region: {_offered(code, known)}."
            )
        return code
    if not known:
        raise CountryError(
            f"No part of {code} has a calendar of its own. Give {code} alone; days that differ, such as "
            "every Friday, can be named with the closing days."
        )
    names = {_folded(each): each for each in known} | {
        _folded(alias): each for each, aliases in known.items() for alias in aliases
    }
    if (found := names.get(_folded(part))) is None:
        raise CountryError(
            f"{code} has no region {part.strip()}. Choose one of: {_offered(code, known)}."
        )
    return f"{code}-{found}"


def countries() -> dict[str, str]:
    """Every code that can be chosen, with the part's name where it has one: GB-SCT, Scotland."""
    import holidays  # noqa: PLC0415 -- see `_days_of`

    offered: dict[str, str] = {}
    for code in sorted(holidays.list_supported_countries(include_aliases=False)):
        known = _parts_of(code) or {}
        if not known or not _needs_part(code):
            offered[code] = ""
        offered |= {f"{code}-{part}": ", ".join(names[:1]) for part, names in known.items()}
    return offered


@lru_cache(maxsize=256)
def working_days_of(country: str, year: int) -> WorkingDays:
    """The calendar of a country (ISO code, or one of its parts: US, DE-BY) from that year on; of one
    that the library does not know, or where nobody said, every day is a working day."""
    code, _, part = country.upper().partition("-")
    if not code:
        return EVERY_DAY
    # All years at once: the library fills in others as they are asked for, which threads must not share.
    years = range(year - 1, year + YEARS_AHEAD + 2)
    try:
        known = _days_of(code, subdiv=part or None, years=years, expand=False)
    except NotImplementedError:
        return EVERY_DAY
    return WorkingDays(frozenset(known.weekend), known, known.is_working_day)


def _days_of(code: str, **which: Any) -> "HolidayBase":
    """Raises `NotImplementedError` for a country that is unknown. The library is loaded by those who
    ask: a worker whose shops have named no country needs none of it."""
    import holidays  # noqa: PLC0415 -- as said

    return holidays.country_holidays(code, **which)


@lru_cache(maxsize=256)
def _parts_of(code: str) -> dict[str, list[str]] | None:
    """The parts of a country with their names; None if it is unknown."""
    try:
        known = _days_of(code)
    except NotImplementedError:
        return None
    names = known.get_subdivision_aliases()
    return {part: list(names.get(part, [])) for part in known.subdivisions}


@lru_cache(maxsize=256)
def _needs_part(code: str) -> bool:
    """Whether every part has more than the country alone."""
    year = 2026  # the law changes seldom, and only whether to ask depends on it
    alone = set(_days_of(code, years=year))
    parts = _days_of(code).subdivisions
    return all(set(_days_of(code, subdiv=part, years=year)) != alone for part in parts)


def _offered(code: str, known: dict[str, list[str]]) -> str:
    return ", ".join(
        f"{code}-{part}" + (f" ({names[0]})" if names else "") for part, names in known.items()
    )


def _folded(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
