"""The part of the settings that says how dates are counted, and in which language and time zone."""

from collections.abc import Callable
from typing import Any
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from babel.localedata import exists as is_known_locale

from app.core.bounds import MOST_DAYS
from app.core.closing import ClosingError, read_closing_days, read_hour
from app.pipeline.calendars import CountryError, country_code, supplier_countries
from app.pipeline.sentences import languages
from app.web.pages.forms import Form

_MOST_QUIET_DAYS = 60
# What stands in a field and can be wrong: how it is read, at most so many characters of it.
_CHECKED: dict[str, tuple[Callable[[str], object], int]] = {
    "closing_days": (read_closing_days, 2000),
    "cut_off": (read_hour, 200),
    "supplier_countries": (supplier_countries, 4000),
}


def read_dates(form: Form) -> tuple[Form, dict[str, Any]]:
    """What the merchant chose, with an error for each field that can't be read."""
    return form, {
        "quiet_days": form.number("quiet_days", least=1, most=_MOST_QUIET_DAYS),
        "lead_time_days": form.number_or_none("lead_time_days", least=0, most=MOST_DAYS),
        "handling_days": form.number("handling_days", least=0, most=_MOST_QUIET_DAYS),
        "promise_quantile": (form.number("promise_percent", least=50, most=99) or 0) / 100,
        "country": _country(form, "country"),
        "carrier_country": _country(form, "carrier_country"),
        **{name: _checked(form, name) for name in _CHECKED},
        "says_range": form.typed.get("says_range") == "yes",
        "time_zone": _time_zone(form),
        "locale": _locale(form),
    }


def _country(form: Form, name: str) -> str:
    """Its code, however it is written."""
    typed = form.text(name)
    try:
        return country_code(typed)
    except CountryError as error:
        form.errors[name] = str(error)
        return typed


def _checked(form: Form, name: str) -> str:
    """The text as it is typed, once it can be read."""
    check, most = _CHECKED[name]
    typed = form.text(name, most=most)
    try:
        check(typed)
    except (ClosingError, CountryError) as error:
        form.errors[name] = str(error)
    return typed


def _time_zone(form: Form) -> str:
    typed = form.text("time_zone")
    if typed not in available_timezones():
        form.errors["time_zone"] = "Unknown time zone. Choose one from the list, such as Europe/Rome."
    return typed


def _locale(form: Form) -> str:
    typed = form.text("locale")
    if not _is_locale(typed):
        form.errors["locale"] = "Unknown language. Enter a code such as en, de-AT, or pt-BR."
    return typed


def _is_locale(locale: str) -> bool:
    try:
        return is_known_locale(str(Locale.parse(locale.replace("-", "_"))))
    except (UnknownLocaleError, ValueError):
        return False


def offered_locales() -> dict[str, str]:
    """Languages and regions to choose from, by code."""
    return {code: language_name(code) for code in (*languages(), "en-GB", "de-AT", "fr-CA", "es-MX")}


def language_name(code: str) -> str:
    """What English calls it."""
    return Locale.parse(code.replace("-", "_")).get_display_name("en") or code
