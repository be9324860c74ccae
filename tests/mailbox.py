"""A real SMTP server of this machine, and what arrived there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.services import free_port


@dataclass
class Mailbox:
    """Every mail that the server took, oldest first. While it `refuses`, it takes none."""

    port: int
    refuses: bool = False
    mails: list[EmailMessage] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, str]:
        """The environment that names the server."""
        return {"SMTP_URL": f"smtp://127.0.0.1:{self.port}", "MAIL_FROM": "backline@shop.example"}

    def texts(self) -> list[str]:
        """What the mails say."""
        return [mail.get_content() for mail in self.mails]

    async def handle_RCPT(  # noqa: N802 -- the library's own name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Who it is for."""
        if self.refuses:
            return "550 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The mail itself."""
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 taken"


@contextmanager
def mail_server(*, refuses: bool = False) -> Iterator[Mailbox]:
    """The server, on every address of this machine, for as long as the `with` block lasts."""
    box = Mailbox(free_port(), refuses=refuses)
    server = Controller(box, hostname="", port=box.port, ready_timeout=30)
    server.start()
    try:
        yield box
    finally:
        server.stop()
