"""One thing looked at, and how it is told."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from app.core.states import TurnEvent
from app.platforms.base import Traits


class Tone(StrEnum):
    """All is well, worth knowing, worth a look, somebody must act. Both faces say these words."""

    FINE = "fine"
    NOTE = "note"
    CHECK = "check"
    FIX = "fix"


class WhereToAct(StrEnum):
    """Where to act: a page or a command, as each face knows it."""

    FAILED_WEBHOOKS = "failed webhooks"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `advice` says what to do about it, `place` where: there, or where events of
    that kind are listed."""

    name: str
    tone: Tone
    text: str
    advice: str = ""
    place: WhereToAct | TurnEvent | None = None


def most_urgent_first(check: Check) -> int:
    """To sort by."""
    return (Tone.FIX, Tone.CHECK, Tone.NOTE, Tone.FINE).index(check.tone)


def listed_every(traits: Traits) -> timedelta:
    """How long the list of a shop's webhooks is not read: an hour where every hourly check reads it."""
    return timedelta(hours=max(1, math.ceil(traits.webhook_list_every_s / 3600)))


def in_hours(time: timedelta) -> str:
    """An hour, 12 hours."""
    hours = int(time / timedelta(hours=1))
    return "an hour" if hours == 1 else f"{hours} hours"


class Says(Protocol):
    """How a shop writes moments and figures."""

    @property
    def now(self) -> datetime:
        """The moment it is."""
        ...

    def moment(self, moment: datetime) -> str:
        """Nov 25, 10:00 AM."""
        ...

    def full_moment(self, moment: datetime) -> str:
        """With seconds and zone."""
        ...

    def ago(self, moment: datetime) -> str:
        """3 days."""
        ...

    def number(self, number: int) -> str:
        """12,345."""
        ...

    def start_of(self, day: date) -> datetime:
        """The moment at which a day of the shop begins."""
        ...

    def days_before(self, count: int) -> Sequence[date]:
        """The last so many days of the shop, today the last of them."""
        ...
