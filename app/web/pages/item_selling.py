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
    return ItemSelling(lines or ["Sold as the shop has it."])


def _in_words(row: SellingRow, say: Words) -> str:
    day = say.day(row.since.astimezone(say.zone).date())
    if row.state == SettingState.LEFT:
        return (
            "Somebody else changed how it is sold after Backline had. It is left so until the reason of "
            "that has ended."
        )
    name = SettingName(row.name)
    ours = in_words(name, row.ours)
    if row.state == SettingState.RESTORING:
        return f"Backline gives back what it changed on {day} ({ours})."
    return f"{_DID[name].format(day=day)}: {row.why} ({ours})."


_DID = {
    SettingName.POLICY: "Backline stopped sales on {day}",
    SettingName.BACKORDER_LIMIT: "Backline limits sales since {day}",
    SettingName.SAFETY_STOCK: "Backline keeps units for orders that wait since {day}",
}
