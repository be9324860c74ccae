"""How the overview of a shop shows what was looked at (see `app.pipeline.checks`)."""

from collections.abc import Sequence
from typing import NamedTuple

from flask import url_for
from sqlalchemy.orm import Session

from app.core.states import TurnEvent
from app.pipeline.checks import (
    Check,
    Tone,
    WhereToAct,
    check_processes,
    check_shop,
    gather_facts,
    most_urgent_first,
)
from app.pipeline.machines import Machines
from app.web.pages.formatting import Words

_BADGES = {Tone.FINE: "good", Tone.NOTE: "info", Tone.CHECK: "warn", Tone.FIX: "bad"}


class ShownCheck(NamedTuple):
    """One of them: the look of its badge and the same in a word, for whoever sees no colors; `link` is
    where to act, with its words."""

    check: Check
    badge: str
    word: str
    link: tuple[str, str] | None


def checks_of(session: Session, say: Words, machines: Machines) -> Sequence[ShownCheck]:
    """What needs somebody first."""
    found = [*check_shop(gather_facts(session, say.shop, say)), *check_processes(machines)]
    return [_shown(check, say.shop.id) for check in sorted(found, key=most_urgent_first)]


def _shown(check: Check, shop_id: int) -> ShownCheck:
    return ShownCheck(
        check, _BADGES[check.tone], check.tone.capitalize(), _link(check.place, shop_id=shop_id)
    )


def _link(place: WhereToAct | TurnEvent | None, *, shop_id: int) -> tuple[str, str] | None:
    match place:
        case None:
            return None
        case TurnEvent():
            return url_for("activity.listing", shop_id=shop_id, kind=place), "See which"
        case WhereToAct.FAILED_WEBHOOKS:
            return url_for("deliveries.listing", shop_id=shop_id), "Failed webhooks"
