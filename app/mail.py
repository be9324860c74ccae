"""Mail out, to people who work for the shop; never to buyers, and never about them."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from app.settings import Settings

_TIMEOUT_S = 15
_PORTS = {"smtp": 587, "smtps": 465}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class MailError(Exception):
    """The mail did not leave; the text says why."""


def send_mail(
    settings: Settings, to: str, subject: str, text: str, *, unsubscribe: str | None = None
) -> None:
    """Hand a mail to the server of SMTP_URL, encrypted unless that server is this machine. Mail programs
    show a button of their own for the link that ends such mails (RFC 8058). Raises `MailError`."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.mail_from, to, subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="backline")
    if unsubscribe is not None:
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text)
    try:
        with _connect(settings.smtp_url) as server:
            _prove_ourselves(server, settings.smtp_url)
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        host = urlsplit(settings.smtp_url).hostname
        raise MailError(f"{host} did not take the mail to {to}: {error}") from error


def _connect(url: str) -> smtplib.SMTP:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    if parts.scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_S, context=ssl.create_default_context())
    return smtplib.SMTP(host, port, timeout=_TIMEOUT_S)


def _prove_ourselves(server: smtplib.SMTP, url: str) -> None:
    """Neither a link nor a password goes out in clear."""
    parts = urlsplit(url)
    if parts.scheme == "smtp" and parts.hostname not in _LOOPBACK:
        server.starttls(context=ssl.create_default_context())
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))


def send_invitation(settings: Settings, *, to: str, shop_name: str, link: str) -> None:
    """The one-time link to who is invited to a shop. Raises `MailError`."""
    text = (
        f"You are invited to view the backorders of {shop_name}.\n\n"
        f"Set a password here within three days:\n{link}\n\n"
        "The link works once. If you did not expect this email, ignore it.\n"
    )
    send_mail(settings, to, "Your access to Backline", text)
