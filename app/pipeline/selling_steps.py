"""What is to be done about each setting, and which items are taken on: told by the preview, done by the
worker, decided once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.core.selling import SellingPoint, SettingName, wanted_value, why
from app.core.takeback import CHANGED, Act, SettingState, Value, next_act
from app.db import selling
from app.db.models import SellingRow
from app.db.selling import DueCheck, SettingKey
from app.platforms.base import SellingChange, SellingSetting, SoldItem


@dataclass(frozen=True, slots=True)
class Prospect:
    """An item that is looked at, and how far it may be sold on, by location (0: in the whole shop):
    nothing, where it is to be sold as the merchant has it."""

    check: DueCheck
    sold: SoldItem
    places: Mapping[int, SellingPoint]


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done about a setting: the value it is to have, and why, in words. `is_ours`: a value
    of ours stands there afterwards."""

    change: SellingChange
    act: Act
    why: str
    is_ours: bool

    @property
    def item_id(self) -> int:
        """Whose setting it is."""
        return self.change.setting.item_id


def steps_of(
    settings: Sequence[SellingSetting],
    rows: Mapping[SettingKey, SellingRow],
    prospects: Sequence[Prospect],
) -> list[Step]:
    """A step for each setting, in the order of the items."""
    turn = {one.check.item_id: place for place, one in enumerate(prospects)}
    places = {one.check.item_id: one.places for one in prospects}
    return [
        _step_of(setting, rows.get(key_of(setting)), places[setting.item_id].get(setting.location_id))
        for setting in sorted(settings, key=lambda setting: turn[setting.item_id])
    ]


def items_beyond(steps: Sequence[Step], taken: Collection[int], most: int) -> set[int]:
    """The items that must wait since so many are changed already: those that come first are taken on,
    and whichever is given back leaves its place."""
    looked_at, ours = {step.item_id for step in steps}, {step.item_id for step in steps if step.is_ours}
    staying = {one for one in taken if one not in looked_at or one in ours}
    beyond = set()
    for step in steps:
        if step.act is not Act.SET or step.item_id in staying:
            continue
        if len(staying) < most:
            staying.add(step.item_id)
        else:
            beyond.add(step.item_id)
    return beyond


def key_of(setting: SellingSetting) -> SettingKey:
    """What a setting is kept under."""
    return SettingKey(setting.item_id, setting.target_id, setting.name)


def _step_of(setting: SellingSetting, row: SellingRow | None, place: SellingPoint | None) -> Step:
    kept = None if row is None else selling.kept(row)
    was_ours = kept is not None and kept.state is not SettingState.LEFT
    own = kept.before if kept is not None and was_ours else setting.value
    wanted = None if place is None else wanted_value(setting.name, place, own)
    act = next_act(kept, setting.value, wanted)
    stays = act is Act.NOTHING and kept is not None and kept.state in CHANGED
    return Step(
        SellingChange(setting, own if wanted is None else wanted.value),
        act,
        "" if place is None else why(setting.name, place),
        is_ours=stays or act in (Act.SET, Act.CONFIRM),
    )


def in_words(name: SettingName, value: Value) -> str:
    """A setting as its platform calls it."""
    if name is SettingName.POLICY:
        return f"continue selling when out of stock: {'on' if value == 'CONTINUE' else 'off'}"
    if value is None:
        return f"no {name}"
    return f"{name} {value}"
