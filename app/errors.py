"""Errors named by who must act: the sender, the visitor, time, the operator, or the merchant.

Anything else that escapes is a defect of ours and is left to escape.
"""


class BacklineError(Exception):
    """Base of them all; its text says what happened and what to do."""


class RejectedWebhook(BacklineError):
    """The sender must act: the request is not a webhook we may believe.

    `status` is the HTTP status to answer with, `reason` a short label for the metrics.
    """

    def __init__(self, message: str, *, reason: str, status: int = 401) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status


class RejectedVisit(BacklineError):
    """Whoever opened the page must act: the platform did not send them here, or too long ago. The text
    is shown to them."""


class TryLater(BacklineError):
    """Time must pass: throttled, a timeout, a 5xx. `after_s` is how long, in seconds. `is_failure`: the
    other side is broken, and did not ask for so much patience: each wait in a row is longer."""

    def __init__(self, message: str, *, after_s: float, is_failure: bool = False) -> None:
        super().__init__(message)
        self.after_s = after_s
        self.is_failure = is_failure


class TurnIsOver(TryLater):
    """The shop has held its worker's thread for long enough: it goes on, from what it has recorded,
    where that holds nobody up."""

    def __init__(self) -> None:
        super().__init__("the turn is over", after_s=0)


class NeedsOperator(TryLater):
    """Whoever runs Backline must act, and it goes on by itself once they have. The text says what to
    do, and is shown on the status page."""


class NeedsMerchant(BacklineError):
    """The merchant must act; the text says what to do, and is shown on the status page."""
