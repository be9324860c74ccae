"""The only reader of the environment. `.env.example` says what each setting means."""

import contextlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

_SHORTEST_KEY = 32
_FEWEST_CHARACTERS = 10


class SettingsError(Exception):
    """Whoever runs this process must act: the text names each variable and what to do."""


class Settings(BaseSettings):
    """What a process is told by its environment, or by a file `.env` where it was started.

    An empty variable counts as unset. Secrets stay out of `repr`, and so out of tracebacks and logs.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_file=".env", env_ignore_empty=True, hide_input_in_errors=True
    )

    home: Path = Field(default=Path("var"), validation_alias="BACKLINE_HOME", validate_default=True)
    database_url: str = Field(
        default_factory=lambda valid: f"sqlite:///{valid['home'] / 'backline.sqlite3'}", repr=False
    )
    database_connections: int = Field(default=15, ge=3, le=1000)
    redis_tls_verify: bool = True
    redis_url: str | None = Field(default=None, repr=False)
    app_url: str = "http://127.0.0.1:8000"
    port: int = Field(default=8000, ge=1, le=65535)
    web_concurrency: int = Field(default=0, ge=0, le=64)
    secret_key: str = Field(default="", repr=False)
    secret_key_previous: str = Field(default="", repr=False)
    encryption_keys: Annotated[tuple[str, ...], NoDecode] = Field(default=(), repr=False)
    shopify_client_id: str = ""
    shopify_client_secret: str = Field(default="", repr=False)
    shopify_client_secret_previous: str = Field(default="", repr=False)
    shopify_api_version: str = Field(default="2026-10", pattern=r"^\d{4}-\d{2}$|^unstable$")
    shopify_base_url: str = "https://{shop}"
    shopify_bulk_from_orders: int = Field(default=100, ge=0)
    bigcommerce_client_id: str = ""
    bigcommerce_client_secret: str = Field(default="", repr=False)
    bigcommerce_client_secret_previous: str = Field(default="", repr=False)
    bigcommerce_signatures_required: bool = False
    bigcommerce_signature_tolerance_seconds: int = Field(default=300, ge=0)
    bigcommerce_quiet_seconds: int = Field(default=90, ge=0)
    bigcommerce_news_seconds: int = Field(default=10, ge=1)
    bigcommerce_api_url: str = "https://api.bigcommerce.com"
    bigcommerce_login_url: str = "https://login.bigcommerce.com"
    bigcommerce_panel_origins: str = "https://store-{hash}.mybigcommerce.com"
    trusted_proxies: int = Field(default=0, ge=0)
    worker_threads: int = Field(default=8, ge=1, le=64)
    worker_max_jobs: int = Field(default=50_000, ge=1)
    worker_max_mib: int = Field(default=400, ge=100)
    deliveries_kept_days: int = Field(default=30, ge=1, le=3650)
    failed_deliveries_kept_days: int = Field(default=90, ge=1, le=3650)
    events_kept_days: int = Field(default=730, ge=1, le=3650)
    orders_kept_days: int = Field(default=60, ge=1, le=3650)
    released_orders_kept_days: int = Field(default=400, ge=30, le=3650)
    metrics_token: str = Field(default="", repr=False)
    smtp_url: str = Field(default="", repr=False)
    mail_from: str = Field(default="", validate_default=True)

    @field_validator("home")
    @classmethod
    def _from_anywhere(cls, home: Path) -> Path:
        """A child process may be started elsewhere."""
        try:
            return home.expanduser().absolute()
        except RuntimeError as error:
            raise ValueError(f"{home} names a user that this machine does not have") from error

    @field_validator("database_url")
    @classmethod
    def _with_driver(cls, url: str) -> str:
        """Hosts hand out `postgres://` and `postgresql://`; SQLAlchemy wants to know the driver."""
        scheme, _, rest = url.partition("://")
        if scheme in ("postgres", "postgresql"):
            return f"postgresql+psycopg://{rest}"
        if scheme not in ("postgresql+psycopg", "sqlite"):
            raise ValueError(f"must begin with postgresql+psycopg:// or sqlite:///, not {scheme}://")
        return url

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, url: str | None, info: ValidationInfo) -> str | None:
        """Whoever reads the URL reads there whether to believe a certificate that nobody vouches for."""
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            is_right = (parts.scheme == "unix" and bool(parts.path)) or (
                parts.scheme in ("redis", "rediss") and bool(parts.hostname) and parts.port != 0
            )
        except ValueError:
            is_right = False
        if not is_right:
            raise ValueError("must look like redis://:password@host:6379/0, rediss://… or unix:///path")
        if (
            parts.scheme == "rediss"
            and not info.data.get("redis_tls_verify", True)
            and "ssl_cert_reqs" not in parts.query
        ):
            glue = "&" if parts.query else "?"
            return f"{url}{glue}ssl_cert_reqs=none&ssl_check_hostname=false"
        return url

    @field_validator("app_url", "shopify_base_url", "bigcommerce_api_url", "bigcommerce_login_url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        """Paths are appended to these."""
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError("must begin with https:// (or http:// on this machine)")
        return url.rstrip("/")

    @field_validator("shopify_base_url")
    @classmethod
    def _names_the_shop(cls, url: str) -> str:
        if "{shop}" not in url:
            raise ValueError("must contain {shop}, which stands for the shop's domain")
        return url

    @field_validator("bigcommerce_panel_origins")
    @classmethod
    def _are_origins(cls, origins: str) -> str:
        """They become part of a header."""
        for origin in origins.split():
            if not re.fullmatch(r"https?://[\w*.{}:-]+", origin):
                raise ValueError(f"{origin} is not an origin such as https://store-{{hash}}.example.com")
        return " ".join(origins.split())

    @field_validator("smtp_url")
    @classmethod
    def _is_smtp(cls, url: str) -> str:
        if url and not (url.startswith(("smtp://", "smtps://")) and urlsplit(url).hostname):
            raise ValueError("must look like smtp://user:password@host:587 or smtps://…:465")
        return url

    @field_validator("mail_from")
    @classmethod
    def _has_a_sender(cls, sender: str, info: ValidationInfo) -> str:
        if info.data.get("smtp_url") and "@" not in sender:
            raise ValueError("must be the address that invitations come from, once SMTP_URL is set")
        return sender

    @field_validator("encryption_keys", mode="before")
    @classmethod
    def _split(cls, keys: Any) -> Any:
        return [key.strip() for key in keys.split(",") if key.strip()] if isinstance(keys, str) else keys

    @field_validator("encryption_keys")
    @classmethod
    def _are_fernet_keys(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for place, key in enumerate(keys, start=1):
            try:
                Fernet(key)
            except ValueError as error:
                raise ValueError(
                    f"key {place} of {len(keys)} is not a Fernet key: `backline secrets` makes one"
                ) from error
        return keys


class _GivenSettings(Settings):
    """Settings of a given mapping alone: neither the process's environment nor `.env` is read."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *others: PydanticBaseSettingsSource,
        **named_others: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Keeps the given values, drops every other source."""
        return (init_settings,)


def environment_names() -> dict[str, str]:
    """The environment variable of each setting, by the setting's name."""
    fields = Settings.model_fields.items()
    return {name: str(field.validation_alias or name.upper()) for name, field in fields}


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process, or those of `environ` alone.

    A machine that keeps its data in SQLite makes the secrets it was not given and keeps them in
    `BACKLINE_HOME/secrets.json`. With PostgreSQL several machines must share them, so they must be
    given. Raises `SettingsError`.
    """
    try:
        settings = Settings() if environ is None else _GivenSettings(**_values(environ))
    except ValidationError as error:
        raise SettingsError(_in_words(error)) from error
    if _is_production(settings):
        _refuse_weak_secrets(settings)
    if settings.secret_key and settings.encryption_keys:
        return settings
    if not settings.database_url.startswith("sqlite"):
        raise SettingsError(
            "SECRET_KEY and ENCRYPTION_KEYS must be set, the same on every machine: `backline secrets` "
            "makes them"
        )
    kept = _kept_secrets(settings.home / "secrets.json")
    return settings.model_copy(
        update={
            "secret_key": settings.secret_key or kept["secret_key"],
            "encryption_keys": settings.encryption_keys or tuple(kept["encryption_keys"]),
        }
    )


def make_secret_key() -> str:
    """A new SECRET_KEY."""
    return secrets.token_urlsafe(48)


def make_encryption_key() -> str:
    """A new key for ENCRYPTION_KEYS."""
    return Fernet.generate_key().decode()


def _is_production(settings: Settings) -> bool:
    return not settings.database_url.startswith("sqlite") or settings.app_url.startswith("https://")


def _refuse_weak_secrets(settings: Settings) -> None:
    """Whoever guesses SECRET_KEY can sign in anywhere; without a client secret nobody can install."""
    for name in ("secret_key", "secret_key_previous"):
        key = getattr(settings, name)
        if key and (len(key.encode()) < _SHORTEST_KEY or len(set(key)) < _FEWEST_CHARACTERS):
            raise SettingsError(
                f"{name.upper()} is too easy to guess: `backline secrets` makes a good one"
            )
    for client_id in Settings.model_fields:
        secret = client_id.replace("_client_id", "_client_secret")
        is_given = secret != client_id and getattr(settings, client_id)
        if is_given and not getattr(settings, secret):
            raise SettingsError(
                f"{secret.upper()} is missing beside {client_id.upper()}: copy both from the app's page"
            )


def _values(environ: Mapping[str, str]) -> dict[str, Any]:
    names = environment_names()
    by_key = {name: str(Settings.model_fields[name].validation_alias or name) for name in names}
    return {by_key[name]: environ[variable] for name, variable in names.items() if environ.get(variable)}


def _in_words(error: ValidationError) -> str:
    lines = [
        f"{str(problem['loc'][0]).upper()}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in error.errors()
    ]
    return "The environment can't be used. " + "; ".join(lines)


def _kept_secrets(path: Path) -> dict[str, Any]:
    """The file's content; the first of several processes to come here makes it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_secrets(path)
    try:
        kept = json.loads(path.read_text())
        Fernet(kept["encryption_keys"][0])
        return {"secret_key": str(kept["secret_key"]), "encryption_keys": kept["encryption_keys"]}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise SettingsError(
            f"{path} can't be read. Shops' tokens are encrypted with it: restore it, or delete it, "
            "start again and reconnect every shop"
        ) from error


def _make_secrets(path: Path) -> None:
    """Written whole under another name first, so that nobody reads half a file."""
    made = {"secret_key": make_secret_key(), "encryption_keys": [make_encryption_key()]}
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(made, file)
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()
