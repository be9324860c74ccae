"""What is shown where a page can't be: in our own look, saying what to do, and a line in the log."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.db.api_tokens import renew_token
from app.db.engine import open_database
from app.db.models import Shop
from app.pipeline.runtime import Runtime
from app.services import open_engine
from app.web.access import Role
from app.web.application import create_app
from tests.web.posting import counted, order_body, post
from tests.web.visitors import new_pass, sign_in, stranger


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    """The production application."""
    return create_app(runtime)


@pytest.fixture
def without_database(runtime: Runtime) -> Flask:
    """The same where nothing listens at DATABASE_URL."""
    return create_app(replace(runtime, engine=open_engine("postgresql+psycopg://x@127.0.0.1:1/x")))


@pytest.fixture(params=["postgresql", "sqlite"])
def without_tables(
    runtime: Runtime, pg_engine: sa.Engine, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Flask]:
    """The same on a database that nobody has migrated."""
    url = sa.make_url(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    if request.param == "postgresql":
        with pg_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("DROP DATABASE IF EXISTS not_migrated")
            connection.exec_driver_sql("CREATE DATABASE not_migrated")
        url = pg_engine.url.set(database="not_migrated")
    engine = open_database(url.render_as_string(hide_password=False))
    yield create_app(replace(runtime, engine=engine))
    engine.dispose()


@pytest.fixture
def ours(install: Callable[[str], int]) -> int:
    """Our shop."""
    return install("mugs.myshopify.com")


@pytest.mark.parametrize(
    "path", ["/nothing", "/shops/9999", "/shops/x", "/shops/1/orders/x", "/webhooks"]
)
def test_an_unknown_address_is_a_page_of_ours(
    app: Flask, runtime: Runtime, ours: int, path: str
) -> None:
    page = sign_in(app, runtime, ours).get(path)

    text = page.get_data(as_text=True)
    assert page.status_code == 404
    assert "There is nothing here" in text
    assert "backline.css" in text
    assert "To the overview" in text


def test_a_refusal_says_why_and_what_to_do(app: Flask, runtime: Runtime, ours: int) -> None:
    browser = sign_in(app, runtime, ours, role=Role.LOOK)

    text = browser.get(f"/shops/{ours}/settings").get_data(as_text=True)

    assert "You may not do this" in text
    assert "Ask a manager." in text


def test_a_method_that_an_address_does_not_take_is_told_the_right_ones(app: Flask) -> None:
    answer = stranger(app).delete("/sign-in")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert "This address takes no such request" in answer.get_data(as_text=True)


def test_a_program_is_told_in_a_line_of_text(client: FlaskClient) -> None:
    answer = client.get("/nothing", headers={"Accept": "*/*"})

    assert (answer.status_code, answer.mimetype) == (404, "text/plain")
    assert answer.get_data(as_text=True).startswith("There is nothing here: ")


@pytest.mark.parametrize("path", ["/", "/shops/1", "/shops/1/orders", "/sign-in", "/invitations/x"])
def test_a_page_without_a_database_says_that_it_comes_back(
    without_database: Flask, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    browser = stranger(without_database)
    browser.set_cookie("__Host-backline", "somebody", domain="backline.test")

    with caplog.at_level(logging.ERROR):
        answer = browser.get(path)

    text = answer.get_data(as_text=True)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "Backline can’t reach its database" in text
    assert "Nothing is lost" in text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("path", ["/", "/shops/1", "/sign-in", "/invitations/x"])
def test_a_page_of_a_database_that_was_not_migrated_says_what_to_run(
    without_tables: Flask, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    browser = stranger(without_tables)
    browser.set_cookie("__Host-backline", "somebody", domain="backline.test")

    with caplog.at_level(logging.ERROR):
        answer = browser.get(path)

    text = answer.get_data(as_text=True)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "Backline’s database is not up to date" in text
    assert "<code>backline release</code>" in text
    assert "Traceback" not in caplog.text


def test_a_database_that_was_not_migrated_keeps_no_webhook_and_is_not_ready(
    without_tables: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    browser = without_tables.test_client()

    assert post(browser, order_body()).status_code == 503
    ready = browser.get("/readyz")

    assert (ready.status_code, ready.json) == (
        503,
        {"database": True, "migrated": False, "redis": True},
    )
    assert "Traceback" not in caplog.text


def test_a_webhook_without_a_database_is_refused_and_counted_without_a_traceback(
    without_database: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    before = counted(client, "backline_webhooks_rejected_total")

    answer = post(without_database.test_client(), order_body())

    assert answer.status_code == 503
    assert counted(client, "backline_webhooks_rejected_total") == before + 1
    assert "Traceback" not in caplog.text


def test_a_defect_of_ours_is_a_page_too_and_its_cause_stays_in_the_log(app: Flask) -> None:
    def broken() -> str:
        raise ZeroDivisionError("the secret of the defect")

    broken.access_rule = app.view_functions["favicon"].access_rule  # type: ignore[attr-defined]
    app.add_url_rule("/broken", "broken", broken)

    answer = stranger(app).get("/broken")

    text = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "Something went wrong" in text
    assert "secret" not in text


def test_a_wrong_column_of_ours_is_a_defect_and_no_missing_migration(
    runtime: Runtime, pg_engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """`backline release` would not help."""
    engine = open_database(pg_engine.url.render_as_string(hide_password=False), connections=1)
    app = create_app(replace(runtime, engine=engine))

    def broken() -> str:
        with engine.connect() as connection:
            return str(connection.scalar(sa.text("SELECT no_such_column FROM shops")))

    broken.access_rule = app.view_functions["favicon"].access_rule  # type: ignore[attr-defined]
    app.add_url_rule("/broken", "broken", broken)

    answer = stranger(app).get("/broken")

    engine.dispose()
    assert answer.status_code == 500
    assert "Something went wrong" in answer.get_data(as_text=True)
    assert "no_such_column" in caplog.text
    assert "migrated" not in caplog.text


def test_the_icon_that_browsers_ask_for_is_there(app: Flask) -> None:
    with stranger(app).get("/favicon.ico", follow_redirects=True) as answer:
        assert answer.data.startswith(b"<svg")

    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")


ADMINS = (
    "frame-ancestors https://*.mybigcommerce.com https://login.bigcommerce.com "
    "https://*.myshopify.com https://admin.shopify.com;"
)


def test_a_merchant_sees_in_the_admin_why_a_page_is_missing(
    without_database: Flask, app: Flask, runtime: Runtime, ours: int
) -> None:
    """Whose admin it is nobody can say without a database; there is nothing on the page to press, and
    nothing of a shop."""
    known = new_pass(app, runtime, ours)
    answers = [
        stranger(without_database).get(f"/shops/{ours}?pass={known}"),
        stranger(app).get("/nothing"),
    ]

    for answer in answers:
        assert ADMINS in answer.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in answer.headers
        assert "<form" not in answer.get_data(as_text=True)


def test_no_other_site_frames_a_page_of_an_error(without_database: Flask, app: Flask) -> None:
    """Nor does anybody a line of text, or what is shown to somebody who signed in outside the admin."""
    texts = [
        stranger(one).get("/", headers={"Accept": "*/*"}).headers for one in (without_database, app)
    ]

    assert {headers["X-Frame-Options"] for headers in texts} == {"DENY"}


@pytest.mark.parametrize(
    "path", ["/shops/{ours}/arrivals/import/a%00b", "/api/v1/arrivals/a%00b", "/invitations/%00"]
)
def test_a_zero_byte_in_an_address_leads_nowhere(
    app: Flask, runtime: Runtime, ours: int, path: str
) -> None:
    answer = sign_in(app, runtime, ours).get(path.format(ours=ours))

    assert answer.status_code == 404


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_a_value_that_no_column_can_have_is_the_callers_fault(
    app: Flask, runtime: Runtime, ours: int, accept: str, caplog: pytest.LogCaptureFixture
) -> None:
    with runtime.sessions.begin() as session:
        token = renew_token(session.get_one(Shop, ours))

    with caplog.at_level(logging.WARNING):
        answer = stranger(app).get(
            "/api/v1/arrivals?sku=a%00b", headers={"Authorization": f"Bearer {token}", "Accept": accept}
        )

    assert answer.status_code == 400
    assert "nothing here can have" in answer.get_json(force=True)["detail"]
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("path", ["/api/v1/arrivals", "/api/v1/arrivals/1"])
def test_the_api_without_a_database_answers_in_its_own_form(without_database: Flask, path: str) -> None:
    answer = stranger(without_database).get(path, headers={"Authorization": "Bearer backline_x"})

    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert answer.headers["Retry-After"] == "30"
    assert answer.get_json()["title"] == "Backline can’t reach its database"
