"""`backline staff`: who is invited, by print or by mail, listed and revoked."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from app.cli import main
from app.db import shops
from app.mail import MailError, send_mail
from app.services import open_engine
from app.settings import SettingsError, load_settings
from tests.builders import NOW
from tests.mailbox import mail_server

ANN = "ann@shop.example"


@pytest.fixture
def environment(tmp_path: Path, migrated_file: Path) -> dict[str, str]:
    """A machine with two shops."""
    environment = {
        "BACKLINE_HOME": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'backline.sqlite3'}",
        "APP_URL": "https://backline.test",
        "SMTP_URL": "",
    }
    shutil.copy(migrated_file, tmp_path / "backline.sqlite3")
    engine = open_engine(environment["DATABASE_URL"])
    with engine.begin() as connection, Session(connection) as session:
        for domain in ("mugs.myshopify.com", "towels.myshopify.com"):
            shops.install_shop(session, platform="shopify", domain=domain, now=NOW)
        session.commit()
    engine.dispose()
    return environment


def run(environment: dict[str, str], *words: str) -> Result:
    """The command as typed."""
    return CliRunner().invoke(main, ["staff", *words], env=environment)


def test_without_a_mail_server_the_link_is_printed(environment: dict[str, str]) -> None:
    result = run(environment, "invite", "Ann@Shop.example", "--shop", "mugs.myshopify.com")

    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].startswith(f"Send this link to {ANN} only")
    assert lines[1].startswith("https://backline.test/invitations/")
    listed = run(environment, "list", "mugs.myshopify.com").output
    assert ANN in listed
    assert "not set yet" in listed
    assert ANN not in run(environment, "list", "towels.myshopify.com").output


def test_with_a_mail_server_the_link_is_mailed_and_not_printed(environment: dict[str, str]) -> None:
    with mail_server() as box:
        result = run(environment | box.settings, "invite", ANN, "--shop", "mugs.myshopify.com")

    assert result.exit_code == 0, result.output
    assert "invitations" not in result.output
    [mail] = box.mails
    assert mail["To"] == ANN
    assert "https://backline.test/invitations/" in mail.get_content()


def test_when_the_mail_does_not_leave_the_link_is_printed(environment: dict[str, str]) -> None:
    with mail_server(refuses=True) as box:
        result = run(environment | box.settings, "invite", ANN, "--shop", "mugs.myshopify.com")

    assert result.exit_code == 0, result.output
    assert "did not take the mail" in result.output
    assert "nobody here" in result.output
    assert "https://backline.test/invitations/" in result.output


def test_whoever_is_revoked_is_no_longer_listed(environment: dict[str, str]) -> None:
    for shop in ("mugs.myshopify.com", "towels.myshopify.com"):
        run(environment, "invite", ANN, "--shop", shop, "--role", "manage")

    result = run(environment, "revoke", ANN, "--shop", "mugs.myshopify.com")

    assert result.exit_code == 0, result.output
    assert ANN not in run(environment, "list", "mugs.myshopify.com").output
    assert "manage" in run(environment, "list", "towels.myshopify.com").output
    assert run(environment, "revoke", ANN, "--shop", "mugs.myshopify.com").exit_code == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["invite", "ann", "--shop", "mugs.myshopify.com"], "is not an email address"),
        (["invite", ANN, "--shop", "nobody.myshopify.com"], "There is no shop"),
        (["invite", ANN, "--shop", "mugs.myshopify.com", "--role", "owner"], "'owner' is not one of"),
        (["invite", ANN], "Missing option '--shop'"),
    ],
)
def test_a_wrong_word_is_refused_and_invites_nobody(
    environment: dict[str, str], words: list[str], says: str
) -> None:
    result = run(environment, *words)

    assert result.exit_code != 0
    assert says in result.output
    assert ANN not in run(environment, "list", "mugs.myshopify.com").output


def test_a_mail_server_elsewhere_must_encrypt(environment: dict[str, str]) -> None:
    """Else the link could be read on its way. This server can't, and is on an address that only we know
    to be this machine's."""
    with mail_server() as box:
        url = box.settings["SMTP_URL"].replace("127.0.0.1", "127.0.0.2")
        with pytest.raises(MailError, match="STARTTLS"):
            send_mail(
                load_settings(environment | box.settings | {"SMTP_URL": url}),
                to=ANN,
                subject="s",
                text="t",
            )

    assert box.mails == []


@pytest.mark.parametrize(
    "values",
    [
        {"SMTP_URL": "mail.shop.example"},
        {"SMTP_URL": "http://mail.shop.example", "MAIL_FROM": "a@b.example"},
        {"SMTP_URL": "smtp://mail.shop.example"},
        {"TRUSTED_PROXIES": "-1"},
        {"BIGCOMMERCE_PANEL_ORIGINS": "https://a.example; script-src *"},
    ],
)
def test_settings_that_can_not_work_are_refused(
    environment: dict[str, str], values: dict[str, str]
) -> None:
    with pytest.raises(SettingsError):
        load_settings(environment | values)
