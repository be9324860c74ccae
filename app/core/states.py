"""The states of rows, as they are stored: a word here changes only with a migration."""

from enum import StrEnum


class ShopStatus(StrEnum):
    """Of a shop: worked for, waiting for its merchant, uninstalled, about to go with every row of it."""

    ACTIVE = "active"
    NEEDS_MERCHANT = "needs_merchant"
    REMOVED = "removed"
    ERASING = "erasing"


class DeliveryState(StrEnum):
    """Of a webhook: to be absorbed, absorbed, of no interest, of no use."""

    DUE = "due"
    DONE = "done"
    IGNORED = "ignored"
    FAILED = "failed"


class ImportState(StrEnum):
    """Of the import of a shop's open orders."""

    NONE = "none"
    RUNNING = "running"
    DONE = "done"


class BulkWriteState(StrEnum):
    """Of a write of many orders: operations may have begun whose ids were not kept yet, it runs, or it
    came to nothing and no other one is begun for a while."""

    BEGINNING = "beginning"
    RUNNING = "running"
    RESTING = "resting"


class FeedState(StrEnum):
    """Of a feed of files: they are rehearsed and nothing is changed, imported, or not read."""

    TRIAL = "trial"
    ON = "on"
    OFF = "off"


class FeedOutcome(StrEnum):
    """Of a feed's last run: what became of its files, that none is new, or that one may still grow."""

    IMPORTED = "imported"
    REHEARSED = "rehearsed"
    UNCHANGED = "unchanged"
    WAITING = "waiting"
    FAILED = "failed"


class ArrivalState(StrEnum):
    """Of an arrival: to come, to come on no known day, over (all of it or not), never to come."""

    EXPECTED = "expected"
    UNDATED = "undated"
    RECEIVED = "received"
    CANCELLED = "cancelled"


class ArrivalSource(StrEnum):
    """Who tells of an arrival. `PLATFORM` is the shop's own, whichever it is."""

    TYPED = "typed"
    CSV = "csv"
    API = "api"
    ASN = "asn"
    ORDER = "order"
    PLATFORM = "shopify"


class MoveState(StrEnum):
    """Of units of an order that were to be moved to another location: about to be (it may be done or
    not), done, refused by the platform, or not now, since they are packed or on hold by others; or moved
    there by somebody else."""

    SENDING = "sending"
    DONE = "done"
    REFUSED = "refused"
    NOT_NOW = "not now"
    THEIRS = "theirs"


class QueueEvent(StrEnum):
    """What is told of orders of which a restock passed one over (see `app.core.passing`)."""

    PASSED_OVER = "passed over"
    WENT_FIRST = "went first"


class TurnEvent(StrEnum):
    """What is told of an order that was shipped, or may be, before its turn."""

    SHIPPED = "shipped out of turn"
    """It was short, and others that had waited longer were not served yet."""
    HOLD_LIFTED = "hold lifted"
    """Somebody else released our hold on it."""
    HOLD_SHIPPED = "hold shipped"
    """What our hold was on has been shipped."""
