"""What feeds are called where people see them."""

from collections.abc import Mapping

from app.core.states import FeedOutcome, FeedState

EVERY_HOURS = {"1": "every hour", "3": "every 3 hours", "6": "every 6 hours", "12": "twice a day"} | {
    "24": "once a day",
    "168": "once a week",
}
"""How often a feed may be read, by hours."""

STATES: Mapping[str, str] = {
    FeedState.TRIAL: "On trial: files are checked, nothing is imported",
    FeedState.ON: "On: files are imported",
    FeedState.OFF: "Paused",
}
OUTCOMES: Mapping[str, str] = {
    FeedOutcome.IMPORTED: "Imported",
    FeedOutcome.REHEARSED: "Checked, not imported",
    FeedOutcome.UNCHANGED: "Nothing new",
    FeedOutcome.WAITING: "A new file may still be growing; looking again in a minute",
    FeedOutcome.FAILED: "Failed; nothing was imported",
}
