"""What somebody typed into a form, and what is wrong with it, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from app.platforms.text import printable

MOST_UNITS = 1_000_000
MOST_DAYS = 3650
_LONGEST_NUMBER = 9


@dataclass
class Form:
    """The fields as typed. Reading one that is wrong adds to `errors`, by field, and gives None."""

    typed: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, *, most: int = 200) -> str:
        """One line, without what can't be printed."""
        value = printable(self.typed.get(name, "")).strip()
        if len(value) > most:
            self.errors[name] = f"This has {len(value)} characters; {most} at most fit."
        return value

    def number(self, name: str, *, least: int, most: int) -> int | None:
        """A whole number between two."""
        typed = self.typed.get(name, "").strip()
        if (
            typed.removeprefix("-").isascii()
            and typed.removeprefix("-").isdigit()
            and len(typed) <= _LONGEST_NUMBER
        ):
            number = int(typed)
            if least <= number <= most:
                return number
        self.errors[name] = f"Type a whole number from {least} to {most:,}."
        return None

    def number_or_none(self, name: str, *, least: int, most: int) -> int | None:
        """Likewise; nothing typed is None without being wrong."""
        return self.number(name, least=least, most=most) if self.typed.get(name, "").strip() else None

    def day(self, name: str, *, not_before: date | None = None) -> date | None:
        """A day as a date field sends it."""
        try:
            day = date.fromisoformat(self.typed.get(name, "").strip())
        except ValueError:
            self.errors[name] = "Choose a day."
            return None
        if not_before is not None and day < not_before:
            self.errors[name] = "This day has passed: choose today or a later one."
            return None
        return day

    def one_of(self, name: str, known: Mapping[str, object]) -> str | None:
        """One of the offered values."""
        typed = self.typed.get(name, "")
        if typed in known:
            return typed
        self.errors[name] = "Choose one of the list."
        return None
