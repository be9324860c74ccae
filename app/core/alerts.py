"""What staff are told by email: each thing once, what concerns a day in the morning, and summaries."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

MORNING = 8
"""The hour of the shop's day from which whatever concerns a day is told, not at midnight."""


class AlertKind(StrEnum):
    """What each person can switch on or off."""

    STUCK = "stuck"
    NOTICE = "notice"
    ORDER = "order"
    DELIVERY = "delivery"
    TURN = "turn"
    """An order shipped, or may ship, before its turn."""


AT_ONCE = (AlertKind.STUCK, AlertKind.TURN)
"""What is told by night too: the rest of a queue that stands still may be helped, and a parcel that is
packed before its turn may still be stopped."""


class Digest(StrEnum):
    """How often somebody gets a summary."""

    NONE = "none"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that staff should know. `key` stays the same for as long as it is the same thing; `page`
    is the path of a page of the shop on which to act."""

    kind: AlertKind
    key: str
    text: str
    page: str


def news(
    findings: Sequence[Finding],
    *,
    kinds: Collection[AlertKind],
    told: Collection[str],
    hour: int,
) -> list[Finding]:
    """What is to be told now to somebody who wants these kinds and was told these keys: some kinds at
    once, the rest in the morning. `hour` is that of the shop's day."""
    return [
        each
        for each in findings
        if each.kind in kinds and each.key not in told and (each.kind in AT_ONCE or hour >= MORNING)
    ]


def digest_key(digest: Digest, *, today: date, hour: int) -> str | None:
    """By which key the summary that is due is remembered; None where none is due. A weekly one comes on
    Monday, or on the first day after it on which we run."""
    if digest is Digest.NONE or hour < MORNING:
        return None
    if digest is Digest.DAILY:
        return f"digest {today.isoformat()}"
    year, week, _ = today.isocalendar()
    return f"digest {year}-W{week:02}"


def is_over(key: str, findings: Sequence[Finding]) -> bool:
    """Whether what was told is the case no more, so that it is told again should it come back."""
    return not key.startswith("digest ") and all(each.key != key for each in findings)
