"""The bad days of a Shopify shop."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.sandbox import faults

Fault = Literal["server_error", "reset", "lose_answer", "html_error", "rate_limited", "torn_snapshot"]


@dataclass
class Faults(faults.Faults):
    """Torn snapshots are drawn per inventory level read. `closed_status` answers 402 or 404 for good.
    Lists show the changes of the orders in `search_lag_s` so much later than single reads do. Bulk
    mutations fail after `bulk_fails_after` lines. How `refused_variants` are sold can't be changed;
    that of `broken_variants` fails inside Shopify, each time; where `mutes_policies` it is changed, and
    the answer says nothing of it."""

    torn_snapshot_rate: float = 0
    search_lag_s: dict[int, float] = field(default_factory=dict)
    bulk_fails_after: int | None = None
    closed_status: Literal[402, 404] | None = None
    refused_variants: set[int] = field(default_factory=set)
    broken_variants: set[int] = field(default_factory=set)
    mutes_policies: bool = False

    def torn(self, quantities: Mapping[str, int]) -> Mapping[str, int]:
        """The quantities, or now and then a snapshot of them that doesn't add up."""
        if not self.strikes("torn_snapshot"):
            return quantities
        drift = self.random.choice((-3, -2, -1, 1, 2, 3))
        return {**quantities, "available": quantities["available"] + drift}
