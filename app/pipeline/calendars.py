"""Whose calendar says on which days a shop works: a country's, or that of a part of it.

The `holidays` library answers, never its tables: the weekend of Kedah, Kelantan and Terengganu is Friday
and Saturday, that of the rest of Malaysia is not, and Hungary works on some Saturdays.
"""

from functools import lru_cache

import holidays

from app.core.bounds import YEARS_AHEAD
from app.core.working_days import EVERY_DAY, WorkingDays


class CountryError(ValueError):
    """A country that tells nothing of the days on which a shop works; the text says what would."""


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
            f"No calendar of {code} is known. Give an ISO code such as US, DE-BY or GB-SCT."
        )
    if not part:
        if known and _needs_part(code):
            raise CountryError(f"Holidays differ within {code}. Add the part: {_offered(code, known)}.")
        return code
    names = {_folded(each): each for each in known} | {
        _folded(alias): each for each, aliases in known.items() for alias in aliases
    }
    if (found := names.get(_folded(part))) is None:
        raise CountryError(f"{code} has no part {part.strip()}. Known are {_offered(code, known)}.")
    return f"{code}-{found}"


def countries() -> dict[str, str]:
    """Every code that can be chosen, with the part's name where it has one: GB-SCT, Scotland."""
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
    # All years at once: the library fills in others as they are asked for, which threads must not share.
    years = range(year - 1, year + YEARS_AHEAD + 2)
    try:
        known = holidays.country_holidays(code, subdiv=part or None, years=years, expand=False)
    except NotImplementedError:
        return EVERY_DAY
    return WorkingDays(frozenset(known.weekend), rule=known.is_working_day)


@lru_cache(maxsize=256)
def _parts_of(code: str) -> dict[str, list[str]] | None:
    """The parts of a country with their names; None if it is unknown."""
    try:
        known = holidays.country_holidays(code)
    except NotImplementedError:
        return None
    names = known.get_subdivision_aliases()
    return {part: list(names.get(part, [])) for part in known.subdivisions}


@lru_cache(maxsize=256)
def _needs_part(code: str) -> bool:
    """Whether every part has more than the country alone."""
    year = 2026  # the law changes seldom, and only whether to ask depends on it
    alone = set(holidays.country_holidays(code, years=year))
    parts = holidays.country_holidays(code).subdivisions
    return all(set(holidays.country_holidays(code, subdiv=part, years=year)) != alone for part in parts)


def _offered(code: str, known: dict[str, list[str]]) -> str:
    return ", ".join(
        f"{code}-{part}" + (f" ({names[0]})" if names else "") for part, names in known.items()
    )


def _folded(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
