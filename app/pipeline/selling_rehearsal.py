"""What a rule for selling would change now, told before it is saved. Nothing is written."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.selling import SellingRule
from app.core.takeback import Act
from app.db import items, selling, shops
from app.db.models import SellingRow, Shop
from app.db.selling import DueCheck, SettingKey
from app.errors import BacklineError
from app.pipeline.selling import Prospect, Step, in_words, key_of, next_step, prospects_of
from app.pipeline.selling_permission import lacks_permission
from app.platforms.base import Platform, SellingSetting

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
    """What would be changed, of how many items that are out of stock so many were worked out; `problem`:
    why the platform could not be asked how they are sold now."""

    changes: Sequence[RehearsedChange] = ()
    looked_at: int = 0
    out_of_stock: int = 0
    problem: str = ""


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
        changed = selling.changed_items(session, shop_id)
        waited_for = selling.most_waited_for(session, shop_id)
        ids = [*sorted(changed), *(one for one in waited_for if one not in changed)][:MOST_ITEMS]
        rows = selling.rows_of(session, shop_id, ids)
        checks = [DueCheck(item_id, now, place) for place, item_id in enumerate(ids)]
        prospects = prospects_of(session, shop, checks, rule, now=now)
        titles = items.titles_of(session, shop_id, ids)
    try:
        seller = connect(shop).seller
        settings = seller.read([one.sold for one in prospects]).settings if seller else []
    except BacklineError as error:
        return Rehearsal(problem=str(error))
    steps = _steps(settings, rows, prospects)
    shown = _shown(steps, titles, changed, most_items)
    return Rehearsal(shown, len(ids), len(waited_for), _NOT_GRANTED if lacks_permission(shop) else "")


_NOT_GRANTED = "Backline may not change this yet: the permission is not granted."


def _steps(
    settings: Sequence[SellingSetting],
    rows: Mapping[SettingKey, SellingRow],
    prospects: Sequence[Prospect],
) -> list[Step]:
    """Those that would change something, in the order of the items."""
    turn = {one.check.item_id: one.check.attempts for one in prospects}
    places = {one.check.item_id: one.places for one in prospects}
    steps = [
        next_step(
            setting,
            rows.get(key_of(setting)),
            places[setting.item_id].get(setting.location_id),
        )
        for setting in settings
    ]
    some = [step for step in steps if step.act in (Act.SET, Act.RESTORE)]
    return sorted(some, key=lambda step: turn[step.change.setting.item_id])


def _shown(
    steps: Sequence[Step], titles: Mapping[int, str], changed: set[int], most_items: int
) -> list[RehearsedChange]:
    taken, shown = set(changed), []
    for step in steps:
        setting = step.change.setting
        is_beyond = step.act is Act.SET and setting.item_id not in taken and len(taken) >= most_items
        if step.act is Act.SET and not is_beyond:
            taken.add(setting.item_id)
        shown.append(
            RehearsedChange(
                setting.item_id,
                titles[setting.item_id],
                in_words(setting.name, setting.value),
                in_words(setting.name, step.change.value),
                step.why,
                step.act is Act.RESTORE,
                is_beyond,
            )
        )
    return shown
