"""Ask the platform how items are sold, and to sell them otherwise.

To change that is an extra. What is refused of it is refused to these items alone: the shop goes on.
Where its token is void altogether, the next call that it can't do without says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.errors import NeedsMerchant
from app.logs import first_line
from app.platforms.base import Seller, SellingChange, SellingSetting, SoldItem
from app.platforms.http import PlatformRefused


@dataclass(frozen=True, slots=True)
class SellingAnswer:
    """How items are sold now, what is gone (see `SellingRead`), and why others were not told of, by
    item. `is_final`: asking again soon is of no use."""

    settings: list[SellingSetting] = field(default_factory=list)
    gone: frozenset[tuple[int, int]] = frozenset()
    refusals: dict[int, str] = field(default_factory=dict)
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """Why each change was refused (empty: done). `is_final`: asking again soon is of no use."""

    refusals: list[str]
    is_final: bool = False


def read(seller: Seller, items: Sequence[SoldItem]) -> SellingAnswer:
    """How these items are sold. One that can't be told of is left out alone. Raises `TryLater` alone."""
    told = _ask(seller, items)
    if told.is_final or not told.refusals or len(items) == 1:
        return told
    each = [_ask(seller, [item]) for item in items]
    return SellingAnswer(
        [setting for one in each for setting in one.settings],
        frozenset(key for one in each for key in one.gone),
        {item_id: why for one in each for item_id, why in one.refusals.items()},
    )


def _ask(seller: Seller, items: Sequence[SoldItem]) -> SellingAnswer:
    try:
        told = seller.read(items)
    except NeedsMerchant as denied:
        return SellingAnswer(refusals=_of_all(items, denied), is_final=True)
    except PlatformRefused as refused:
        return SellingAnswer(refusals=_of_all(items, refused))
    return SellingAnswer(told.settings, told.gone)


def _of_all(items: Sequence[SoldItem], error: Exception) -> dict[int, str]:
    return dict.fromkeys((one.item_id for one in items), first_line(error))


def write(
    seller: Seller,
    changes: Sequence[SellingChange],
    *,
    before_each: Callable[[Sequence[SellingChange]], None],
) -> Written:
    """Change settings. Platforms take those that travel together all or none, so where several items
    were sent each that was refused is sent once more by itself. `before_each` is called with what is
    about to be sent, and stops it by raising. Raises that and `TryLater` alone."""
    sending = _Sending(seller, before_each)
    written = _send_all(sending, changes)
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
        alone = _send_all(sending, [changes[place] for place in places])
        refusals |= dict(zip(places, alone.refusals, strict=True))
        if is_final := alone.is_final:
            break
    return Written(list(refusals.values()), is_final)


@dataclass(frozen=True, slots=True)
class _Sending:
    seller: Seller
    before_each: Callable[[Sequence[SellingChange]], None]


def _send_all(sending: _Sending, changes: Sequence[SellingChange]) -> Written:
    """Request by request, for as long as another one may be of use."""
    refusals: dict[SellingChange, str] = {}
    for trip in sending.seller.trips(changes):
        sending.before_each(trip)
        sent = _send(sending.seller, trip)
        refusals |= dict(zip(trip, sent.refusals, strict=True))
        if sent.is_final:
            return Written([refusals.get(one, sent.refusals[0]) for one in changes], is_final=True)
    return Written([refusals[one] for one in changes])


def _send(seller: Seller, changes: Sequence[SellingChange]) -> Written:
    try:
        return Written(seller.write(changes))
    except NeedsMerchant as denied:
        return Written([first_line(denied)] * len(changes), is_final=True)
    except PlatformRefused as refused:
        return Written([first_line(refused)] * len(changes))
