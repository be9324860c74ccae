"""What a rule for selling would change now, told before it is saved. Nothing is written."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.selling import SellingRule
from app.core.takeback import Act
from app.db import items, selling, shops
from app.db.models import Shop
from app.db.selling import DueCheck
from app.errors import BacklineError
from app.pipeline.selling import prospects_of
from app.pipeline.selling_permission import lacks_permission
from app.pipeline.selling_steps import Step, in_words, items_beyond, steps_of
from app.platforms.base import Platform
from app.platforms.http import PlatformRefused

# Working an item out takes some milliseconds, and somebody waits for the page.
MOST_ITEMS = 60


@dataclass(frozen=True, slots=True)
class RehearsedChange:
    """One setting that would be changed. `is_given_back`: it would be as it was before us again;
    `is_beyond`: it would have to wait, since so many items are changed already."""

    item_id: int
    title: str
    before: str
    after: str
    why: str
    is_given_back: bool
    is_beyond: bool


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would be changed, of how many items that are changed already or out of stock so many were
    worked out; `problem`: why it would not be, or (without `is_read`) could not be told."""

    changes: Sequence[RehearsedChange] = ()
    looked_at: int = 0
    in_question: int = 0
    problem: str = ""
    is_read: bool = True


def rehearse(
    read: Callable[[], AbstractContextManager[Session]],
    connect: Callable[[Shop], Platform],
    shop_id: int,
    rule: SellingRule,
    *,
    most_items: int,
    now: datetime,
) -> Rehearsal:
    """What the rule would change. `read` opens a session to read with: none is held open while the
    platform is asked."""
    with read() as session:
        shop = shops.get_shop(session, shop_id)
        taken = selling.items_taken_on(session, shop_id)
        in_question = selling.in_turn(session, shop_id, selling.items_out_of_stock(session, shop))
        ids = in_question[:MOST_ITEMS]
        rows = selling.rows_of(session, shop_id, ids)
        checks = [DueCheck(item_id, now, attempts=0) for item_id in ids]
        prospects = prospects_of(session, shop, checks, rule, now=now)
        titles = items.titles_of(session, shop_id, ids)
    try:
        seller = connect(shop).seller
        settings = seller.read([one.sold for one in prospects]).settings if seller else []
    except (BacklineError, PlatformRefused) as error:
        return Rehearsal(problem=str(error), is_read=False)
    steps = steps_of(settings, rows, prospects)
    beyond = items_beyond(steps, taken, most_items)
    shown = [_shown(step, titles, beyond) for step in steps if step.act in (Act.SET, Act.RESTORE)]
    return Rehearsal(shown, len(ids), len(in_question), _NOT_GRANTED if lacks_permission(shop) else "")


_NOT_GRANTED = "Backline may not change this yet: the permission is not granted."


def _shown(step: Step, titles: Mapping[int, str], beyond: set[int]) -> RehearsedChange:
    setting = step.change.setting
    return RehearsedChange(
        setting.item_id,
        titles[setting.item_id],
        in_words(setting.name, setting.value),
        in_words(setting.name, step.change.value),
        step.why,
        step.act is Act.RESTORE,
        step.act is Act.SET and setting.item_id in beyond,
    )
