"""What an item's page tells of how it is sold when it is out of stock."""

from dataclasses import dataclass

from app.core.selling import SellingPolicy, SettingName
from app.core.takeback import SettingState
from app.db import selling
from app.db.models import SellingRow, StockItem
from app.pipeline.selling_steps import in_words
from app.platforms.registry import PLATFORMS
from app.web.pages.formatting import Words
from app.web.pages.frame import OpenShop


@dataclass(frozen=True)
class ItemSelling:
    """What we changed of an item, a sentence each."""

    lines: list[str]


def selling_of(opened: OpenShop, item: StockItem) -> ItemSelling | None:
    """None where nothing is changed, and nobody wants it."""
    shop = opened.shop
    rows = selling.shown(opened.session, shop.id, item.item_id)
    is_wanted = shop.selling != SellingPolicy.OFF and PLATFORMS[shop.platform].traits.selling_scope
    if not rows and not is_wanted:
        return None
    lines = [_in_words(row, opened.say) for row in rows]
    problem = selling.refusals(opened.session, shop.id).get(item.item_id)
    if problem is not None:
        lines.append(f"It could not be changed: {problem}")
    return ItemSelling(lines or ["Backline has not changed how this item is sold."])


def _in_words(row: SellingRow, say: Words) -> str:
    day = say.day(row.since.astimezone(say.zone).date())
    name = SettingName(row.name)
    before, ours = in_words(name, row.before), in_words(name, row.ours)
    return {
        SettingState.SETTING: f"Backline is about to set {ours}: {row.why}.",
        SettingState.SET: f"Backline changed a setting on {day}. It is now {ours}: {row.why}. "
        f"It was {before}.",
        SettingState.RESTORING: f"Backline is about to set back what it changed on {day}: {before}.",
        SettingState.LEFT: "Someone else changed how this item is sold after Backline did. Backline "
        "leaves it until its own reason has ended.",
    }[SettingState(row.state)]
