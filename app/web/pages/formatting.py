"""Days, moments and figures as a shop writes them, in its time zone and language."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton, format_time
from babel.numbers import format_currency, format_decimal

from app.db.models import Shop
from app.pipeline.context import zone_of

_ISO_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


@dataclass(frozen=True)
class Words:
    """How one shop reads dates. Pages call it `say`."""

    shop: Shop
    now: datetime

    @cached_property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return zone_of(self.shop.time_zone)

    @cached_property
    def locale(self) -> Locale:
        """The shop's language; one that nobody knows reads as American English."""
        try:
            return Locale.parse(self.shop.locale.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            return Locale("en", "US")

    @property
    def today(self) -> date:
        """The day it is in the shop."""
        return self.now.astimezone(self.zone).date()

    def day(self, day: date | None, *, unknown: str = "no date known") -> str:
        """Dec 5, 2026."""
        return unknown if day is None else format_date(day, format="medium", locale=self.locale)

    def short_day(self, day: date) -> str:
        """Dec 5."""
        return format_skeleton("MMMd", day, locale=self.locale)

    def moment(self, moment: datetime) -> str:
        """Nov 25, 10:00 AM, with the year where it is another one."""
        day = moment.astimezone(self.zone).date()
        written = self.short_day(day) if day.year == self.today.year else self.day(day)
        time = format_time(moment, format="short", tzinfo=self.zone, locale=self.locale)
        return str(self.locale.datetime_formats["medium"]).replace("{1}", written).replace("{0}", time)

    def exact(self, moment: datetime) -> str:
        """Nov 25, 10:00:05 AM: of two orders in a race the second decides."""
        day = moment.astimezone(self.zone).date()
        written = self.short_day(day) if day.year == self.today.year else self.day(day)
        time = format_time(moment, format="medium", tzinfo=self.zone, locale=self.locale)
        return str(self.locale.datetime_formats["medium"]).replace("{1}", written).replace("{0}", time)

    def sentence(self, text: str) -> str:
        """A text of the audit as a sentence, with days as the shop writes them."""
        said = self.dated(text)
        return f"{said[:1].upper()}{said[1:]}{'' if said.endswith(('.', '!', '?')) else '.'}"

    def full_moment(self, moment: datetime) -> str:
        """With seconds and zone, for a tooltip and for export."""
        return format_datetime(moment, format="long", tzinfo=self.zone, locale=self.locale)

    def ago(self, moment: datetime) -> str:
        """How long ago, in one plain word: 3 days."""
        seconds = max(0, int((self.now - moment).total_seconds()))
        for unit, size in (("day", _DAY_S), ("hour", _HOUR_S), ("minute", _MINUTE_S)):
            if seconds >= size:
                count = seconds // size
                return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
        return "less than a minute"

    def money(self, amount: int) -> str:
        """An amount in ten-thousandths, in the shop's currency."""
        exact = Decimal(amount) / 10_000
        if not self.shop.currency:
            return format_decimal(exact, locale=self.locale)
        return format_currency(exact, self.shop.currency, locale=self.locale)

    def number(self, number: int) -> str:
        """12,345."""
        return format_decimal(number, locale=self.locale)

    def dated(self, text: str) -> str:
        """A text of the audit, whose days are kept as 2026-12-05, with days as the shop writes them."""
        return _ISO_DAY.sub(lambda found: self._day_in_text(found[0]), text)

    def _day_in_text(self, text: str) -> str:
        try:
            return self.day(date.fromisoformat(text))
        except ValueError:
            return text

    def start_of(self, day: date) -> datetime:
        """The moment at which a day of the shop begins."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone)

    def days_before(self, count: int) -> list[date]:
        """The last so many days of the shop, today the last of them."""
        return [self.today - timedelta(days=back) for back in range(count - 1, -1, -1)]
