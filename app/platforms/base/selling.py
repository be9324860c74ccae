"""Settings of the platform by which an item is sold although none is left."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from app.core.selling import SettingName
from app.core.takeback import Value


class SoldItem(msgspec.Struct, frozen=True):
    """An item, the variants that are known to sell it, and of what we keep settings (`target_id`)."""

    item_id: int
    variant_ids: tuple[int, ...]
    kept_ids: tuple[int, ...] = ()


class SellingSetting(msgspec.Struct, frozen=True):
    """A setting as it stands: of what (`target_id`: the variant, or the location), which one, its value.
    `group_id` is what it is written together with, or by (the product). `location_id` is where it
    counts; 0: in the whole shop."""

    item_id: int
    target_id: int
    name: SettingName
    value: Value
    group_id: int = 0
    location_id: int = 0


class SellingRead(msgspec.Struct, frozen=True):
    """The settings of some items as they are now, and which (item, target) surely exist no more. What is
    in neither is not told now."""

    settings: list[SellingSetting]
    gone: frozenset[tuple[int, int]] = frozenset()


class SellingChange(msgspec.Struct, frozen=True):
    """A setting as it was read, and the value it is to have."""

    setting: SellingSetting
    value: Value


class Seller(Protocol):
    """How one shop's platform sells on. Methods raise as those of `Platform`."""

    def try_scope(self) -> bool | None:
        """Whether we hold the scope that it takes to write, by a request that changes nothing; None
        where the profile tells."""
        ...

    def read(self, items: Sequence[SoldItem]) -> SellingRead:
        """How these items are sold now."""
        ...

    def trips(self, changes: Sequence[SellingChange]) -> list[list[SellingChange]]:
        """The changes by the request that they travel in, each to be written by itself."""
        ...

    def write(self, changes: Sequence[SellingChange]) -> list[str]:
        """Change settings; says of each, in their order, why it was refused (empty: done)."""
        ...
