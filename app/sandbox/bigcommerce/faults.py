"""The bad days of a BigCommerce store."""

from dataclasses import dataclass

from app.sandbox import faults


@dataclass
class Faults(faults.Faults):
    """`rate_limited` answers 429 with the quota's headers, `overloaded` 429 without any, as BigCommerce
    does to protect itself; `torn_answer` ends in the middle. `is_suspended` answers 503 for good.
    `settings_status` is what whoever sets how items are sold is answered, whatever it is."""

    overloaded_rate: float = 0
    torn_answer_rate: float = 0
    is_suspended: bool = False
    settings_status: int | None = None
