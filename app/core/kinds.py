"""The kinds of items, which merchants mix up and buyers must not be told alike."""

from enum import StrEnum


class Kind(StrEnum):
    """What being short of an item means. Items that are out of stock or untracked can't be short."""

    BACKORDER = "backorder"
    """Sold, out for a while, and coming again."""
    PREORDER = "preorder"
    """Not out before its release."""
    DISCONTINUED = "discontinued"
    """It never comes again: a person must decide."""
