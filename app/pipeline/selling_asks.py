"""Ask the platform how items are sold, and to sell them otherwise.

To change that is an extra. What is refused of it is refused to these items alone: the shop goes on.
Where its token is void altogether, the next call that it can't do without says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.errors import NeedsMerchant
from app.logs import first_line
from app.platforms.base import Seller, SellingChange, SellingSetting, SoldItem
from app.platforms.http import PlatformRefused


@dataclass(frozen=True, slots=True)
class Told:
    """How items are sold now, and why it was not told of others, by item. `is_final`: asking again soon
    is of no use."""

    settings: list[SellingSetting] = field(default_factory=list)
    refusals: dict[int, str] = field(default_factory=dict)
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """Why each change was refused (empty: done). `is_final`: asking again soon is of no use."""

    refusals: list[str]
    is_final: bool = False


def read(seller: Seller, items: Sequence[SoldItem]) -> Told:
    """How these items are sold. One that can't be told of is left out alone. Raises `TryLater` alone."""
    told = _ask(seller, items)
    if told.is_final or not told.refusals or len(items) == 1:
        return told
    settings: list[SellingSetting] = []
    refusals: dict[int, str] = {}
    for item in items:
        alone = _ask(seller, [item])
        settings += alone.settings
        refusals |= alone.refusals
    return Told(settings, refusals)


def _ask(seller: Seller, items: Sequence[SoldItem]) -> Told:
    try:
        return Told(list(seller.read(items)))
    except NeedsMerchant as denied:
        return Told([], dict.fromkeys((one.item_id for one in items), first_line(denied)), is_final=True)
    except PlatformRefused as refused:
        return Told([], dict.fromkeys((one.item_id for one in items), first_line(refused)))


def write(seller: Seller, changes: Sequence[SellingChange]) -> Written:
    """Change settings. Platforms take those that travel together all or none, so where several items
    were sent each that was refused is sent once more by itself. Raises `TryLater` alone."""
    written = _send(seller, changes)
    refused = {one.setting.item_id for one, why in zip(changes, written.refusals, strict=True) if why}
    if written.is_final or len({one.setting.item_id for one in changes}) == 1:
        return written
    refusals, is_final = dict(enumerate(written.refusals)), False
    for item_id in sorted(refused):
        places = [
            place
            for place, one in enumerate(changes)
            if one.setting.item_id == item_id and written.refusals[place]
        ]
        alone = _send(seller, [changes[place] for place in places])
        refusals |= dict(zip(places, alone.refusals, strict=True))
        if is_final := alone.is_final:
            break
    return Written(list(refusals.values()), is_final)


def _send(seller: Seller, changes: Sequence[SellingChange]) -> Written:
    try:
        return Written(seller.write(changes))
    except NeedsMerchant as denied:
        return Written([first_line(denied)] * len(changes), is_final=True)
    except PlatformRefused as refused:
        return Written([first_line(refused)] * len(changes))
