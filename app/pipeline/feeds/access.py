"""What feeds need of the process that reads them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.pipeline.feeds.network import Network


@dataclass(frozen=True)
class FeedAccess:
    """The keys that open logins, the way out, and (where mail can be sent) what mails an address a
    subject and a text, raising `MailError`."""

    keys: Sequence[str] = ()
    network: Network = field(default_factory=Network)
    send_mail: Callable[[str, str, str], None] | None = None
