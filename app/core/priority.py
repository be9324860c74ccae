"""Who is served before others: by tags that the merchant puts on orders, or, where orders have none, by
words of staff notes and by where an order came from; never by who bought."""

from collections.abc import Collection, Sequence
from typing import NamedTuple


class PriorityRule(NamedTuple):
    """Orders that carry `tag` (or that word) stand in the queue by this priority, above 0 before all
    others, below 0 after them."""

    tag: str
    priority: int


def priority_of(tags: Collection[str], rules: Sequence[PriorityRule]) -> int:
    """The priority by the first rule whose tag the order carries, without regard to case as Shopify
    compares tags; 0 where none does."""
    there = {tag.casefold() for tag in tags}
    return next((rule.priority for rule in rules if rule.tag.casefold() in there), 0)
