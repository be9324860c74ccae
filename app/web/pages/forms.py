"""What somebody typed into a form, and what is wrong with it, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from app.core import bounds
from app.platforms.text import printable


@dataclass
class Form:
    """The fields as typed. Reading one that is wrong adds to `errors`, by field, and gives None."""

    typed: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, *, most: int = 200) -> str:
        """One line, without what can't be printed."""
        value = printable(self.typed.get(name, "")).strip()
        if len(value) > most:
            self.errors[name] = f"This has {len(value)} characters; the limit is {most}."
        return value

    def number(self, name: str, *, least: int, most: int) -> int | None:
        """A whole number between two."""
        number = bounds.read_whole(self.typed.get(name, "").strip(), least=least, most=most)
        if number is None:
            self.errors[name] = f"Enter a whole number from {least} to {most:,}."
        return number

    def number_or_none(self, name: str, *, least: int, most: int) -> int | None:
        """Likewise; nothing typed is None without being wrong."""
        return self.number(name, least=least, most=most) if self.typed.get(name, "").strip() else None

    def day(self, name: str, *, today: date, is_past_fine: bool = False) -> date | None:
        """A day as a date field sends it, not more than ten years ahead."""
        day = self.day_or_none(name, today=today, is_past_fine=is_past_fine)
        if day is None and name not in self.errors:
            self.errors[name] = "Choose a day."
        return day

    def day_or_none(self, name: str, *, today: date, is_past_fine: bool = False) -> date | None:
        """Likewise; nothing typed, or a day that means "no date" (see `app.core.bounds`), is None
        without being wrong."""
        typed = self.typed.get(name, "").strip()
        if not typed:
            return None
        try:
            day = bounds.read_day(typed)
        except ValueError:
            self.errors[name] = "Choose a day."
            return None
        if day is not None and (day < today and not is_past_fine):
            self.errors[name] = "This day has passed: choose today or a later one."
        elif day is not None and bounds.too_far(day, today=today):
            self.errors[name] = (
                f"This day is more than {bounds.YEARS_AHEAD} years ahead: choose a sooner one."
            )
        return None if name in self.errors else day

    def one_of(self, name: str, known: Mapping[str, object]) -> str | None:
        """One of the offered values."""
        typed = self.typed.get(name, "")
        if typed in known:
            return typed
        self.errors[name] = "Choose one from the list."
        return None


@dataclass(frozen=True)
class Forms:
    """The forms of the page that were sent with something wrong in them, by name."""

    wrong: Mapping[str, Form] = field(default_factory=dict)

    @property
    def has_errors(self) -> bool:
        """Whether anything must be put right."""
        return any(form.errors for form in self.wrong.values())

    def value(self, form: str, name: str, otherwise: object = "") -> object:
        """What a field holds: as typed where the form came back, else what is known."""
        return self.wrong[form].typed.get(name, "") if form in self.wrong else otherwise

    def error(self, form: str, name: str) -> str:
        """What is wrong with a field, or nothing."""
        return self.wrong[form].errors.get(name, "") if form in self.wrong else ""
