"""What a log line looks like, ours and the libraries' alike, and what it never contains."""

import logging
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

_REDACTED = "[redacted]"
_SECRET_KEY = re.compile(r"token|secret|password|authorization|cookie|encryption_key", re.IGNORECASE)
_SECRET_VALUES = (
    # Shopify's own tokens and secrets name themselves: shpat_, shpca_, shpss_, …
    (re.compile(r"\bshp[a-z]{2}_\w+"), _REDACTED),
    # access_token=…, "client_secret": "…", X-Shopify-Access-Token: …, X-Auth-Token: …
    (
        re.compile(
            r"""((?:access[_-]token|auth-token|client_secret|session_token)["']?\s*[:=]\s*["']?)[^\s"'&,;}]+""",
            re.IGNORECASE,
        ),
        rf"\1{_REDACTED}",
    ),
    # What stands in our own addresses: a browser's pass, an invitation, what a platform signed.
    (
        re.compile(
            r"((?:[?&](?:pass|code|hmac|state|id_token|signed_payload_jwt)=|/invitations/))[\w.~-]+"
        ),
        rf"\1{_REDACTED}",
    ),
    (re.compile(r"(\bBearer\s+)[\w.~+/=-]+", re.IGNORECASE), rf"\1{_REDACTED}"),
    # The password of a database or Redis URL.
    (re.compile(r"(://[^\s/:@]*:)[^\s/@]+(?=@)"), rf"\1{_REDACTED}"),
)


def configure_logs(*, as_json: bool, level: int = logging.INFO) -> None:
    """One line an event on stderr: JSON for machines, or colours for a person at a terminal.

    Call it once, first thing in a process.
    """
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Plain text, before the redaction: a traceback with its local variables shows tokens.
        structlog.processors.format_exc_info,
        redact_secrets,
    ]
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(as_json=as_json),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _renderer(*, as_json: bool) -> structlog.types.Processor:
    if as_json:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def first_line(error: BaseException) -> str:
    """What an error says first: the database's go on with the statement and its values."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def redact_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """A structlog processor: no token or secret leaves the process, by whatever name it came."""
    return {key: value if key.startswith("_") else _redact(key, value) for key, value in event.items()}


def _redact(key: str, value: Any) -> Any:
    if isinstance(value, bool | int | float | None):
        return value
    if _SECRET_KEY.search(key):
        return _REDACTED
    if isinstance(value, Mapping):
        return {str(name): _redact(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact("", inner) for inner in value]
    text = str(value)
    for pattern, replacement in _SECRET_VALUES:
        text = pattern.sub(replacement, text)
    return text
