"""Feeds by way of the pages: added, watched, confirmed, switched, removed."""

from collections.abc import Mapping

import pytest
from werkzeug.test import TestResponse

from app.db import feeds
from app.db.models import FeedRow, UploadRow
from app.pipeline.feeds.source import open_login
from app.pipeline.runtime import Runtime
from app.web.access import Role
from app.web.application import create_app
from tests.feed_servers import TABLE
from tests.web.test_import_arrivals import Merchant, stock
from tests.web.visitors import sign_in

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
NEW: Mapping[str, str] = {
    "name": "Mugs Inc.",
    "url": "https://files.mugs.example/open.csv?token=s3cret",
    "every_hours": "6",
    "mail_to": "ann@shop.example",
    "date_order": "dmy",
    "is_complete": "1",
}


@pytest.fixture
def merchant(runtime: Runtime, shop_id: int) -> Merchant:
    """Of a shop that sells mugs at one place."""
    stock(runtime, shop_id)
    return Merchant(runtime, shop_id)


def at(merchant: Merchant, *more: str) -> str:
    """The address of the list, or of something below it."""
    return "/".join([f"/shops/{merchant.shop_id}/arrivals/feeds", *more])


def add(merchant: Merchant, **other: str) -> TestResponse:
    """Fill in the form of a new feed."""
    return merchant.browser.send(at(merchant), **{**NEW, **other})


def feed(merchant: Merchant) -> FeedRow:
    """The only one."""
    with merchant.runtime.sessions.begin() as session:
        [found] = feeds.list_feeds(session, merchant.shop_id)
        return found


def change(merchant: Merchant, **values: object) -> FeedRow:
    """What runs of it left behind."""
    with merchant.runtime.sessions.begin() as session:
        [found] = feeds.list_feeds(session, merchant.shop_id)
        for name, value in values.items():
            setattr(found, name, value)
        return found


def press(merchant: Merchant, action: str, **fields: str) -> TestResponse:
    """A button on the page of the feed."""
    page = at(merchant, feed(merchant).feed_id)
    return merchant.browser.send(f"{page}/{action}", page, **fields)


def text(merchant: Merchant) -> str:
    """The page of the feed."""
    return merchant.browser.get(at(merchant, feed(merchant).feed_id)).get_data(as_text=True)


def test_a_new_feed_is_on_trial_and_read_at_once(merchant: Merchant) -> None:
    answer = add(merchant)

    kept = feed(merchant)
    assert answer.status_code == 303
    assert (kept.state, kept.kind, kept.every_hours, kept.due_at) == (
        "trial",
        "https",
        6,
        merchant.runtime.clock(),
    )
    assert kept.options == {"is_complete": True, "date_order": "dmy"}


def test_no_page_and_no_row_shows_a_secret(merchant: Merchant) -> None:
    add(merchant, user="ann", password="pa55")

    kept = feed(merchant)
    login = open_login(kept, merchant.runtime.settings.encryption_keys)
    assert (login.url, login.user, login.password) == (NEW["url"], "ann", "pa55")
    shown = text(merchant) + merchant.browser.get(at(merchant)).get_data(as_text=True)
    stored = repr({column: getattr(kept, column) for column in ("address", "sealed", "name")})
    for secret in ("s3cret", "pa55"):
        assert secret not in shown
        assert secret not in stored


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"url": "http://files.mugs.example/x"}, "begins with https:// or sftp://"),
        ({"url": ""}, "begins with https:// or sftp://"),
        ({"name": " "}, "Type a name"),
        ({"mail_to": "ann"}, "not an email address"),
        ({"every_hours": "0"}, "Choose one from the list"),
    ],
)
def test_a_form_with_something_wrong_adds_nothing_and_shows_no_password(
    merchant: Merchant, wrong: dict[str, str], says: str
) -> None:
    answer = add(merchant, password="pa55", **wrong)

    assert answer.status_code == 422
    assert says in answer.get_data(as_text=True)
    assert "pa55" not in answer.get_data(as_text=True)
    with merchant.runtime.sessions.begin() as session:
        assert feeds.list_feeds(session, merchant.shop_id) == []


def test_a_feed_is_started_paused_and_removed(merchant: Merchant) -> None:
    add(merchant)

    press(merchant, "start")
    started = feed(merchant)
    press(merchant, "pause")
    paused = feed(merchant)
    press(merchant, "remove")

    assert (started.state, started.due_at) == ("on", merchant.runtime.clock())
    assert (paused.state, paused.due_at) == ("off", None)
    with merchant.runtime.sessions.begin() as session:
        assert feeds.list_feeds(session, merchant.shop_id) == []


def test_what_a_run_found_stands_on_the_page(merchant: Merchant) -> None:
    add(merchant)
    report = {"file": "open.csv", "new": 2, "changed": 0, "unchanged": 1, "not_coming": 0}
    report |= {"cancelled": 0, "received": 0, "waiting": 1, "undated": 0, "bad": 1}
    change(
        merchant,
        ran_at=merchant.runtime.clock(),
        outcome="failed",
        problem="open.csv: 1 line can't be used",
        report={**report, "notes": ["Delimiter: commas"], "bad_lines": [[7, "no <b>date</b>"]]},
    )

    shown = text(merchant)

    assert "open.csv: 1 line can&#39;t be used" in shown
    assert "no &lt;b&gt;date&lt;/b&gt;" in shown
    assert "Delimiter: commas" in shown
    assert "Needs a look" in merchant.browser.get(at(merchant)).get_data(as_text=True)


def test_the_key_that_was_shown_is_confirmed_and_no_other(merchant: Merchant) -> None:
    add(merchant, url="sftp://ann@files.mugs.example/out", password="pa55")
    change(merchant, offered_host_key=HOST_KEY, due_at=None)

    shown = text(merchant)
    press(merchant, "confirm", host_key="ssh-ed25519 AAAA")
    before = feed(merchant).host_key
    press(merchant, "confirm", host_key=HOST_KEY)

    assert "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU (ssh-ed25519)" in shown
    assert before is None
    assert (feed(merchant).host_key, feed(merchant).offered_host_key) == (HOST_KEY, None)
    assert feed(merchant).due_at == merchant.runtime.clock()


def test_a_file_that_was_refused_is_looked_at_on_the_page_of_imports(merchant: Merchant) -> None:
    add(merchant)
    change(merchant, held_name="open.csv", held_content=f"{TABLE}PO-1,MUG-BLUE,x,5/12/2026\n".encode())

    answer = press(merchant, "review")

    assert "/arrivals/import/" in answer.headers["Location"]
    page = merchant.browser.get(answer.headers["Location"]).get_data(as_text=True)
    assert "the quantity ordered" in page
    assert merchant.count(UploadRow) == 1


def test_read_now_also_reads_files_that_were_refused(merchant: Merchant) -> None:
    add(merchant)
    change(merchant, due_at=None, files={"a.csv": [1, 2, "refused"], "b.csv": [1, 2, "read"]})

    press(merchant, "read")

    assert feed(merchant).files == {"a.csv": [1, 2, "ready"], "b.csv": [1, 2, "read"]}
    assert feed(merchant).due_at == merchant.runtime.clock()


def test_new_credentials_replace_those_that_are_kept_and_none_typed_keeps_them(
    merchant: Merchant,
) -> None:
    add(merchant, user="ann", password="old")
    keys = merchant.runtime.settings.encryption_keys
    page = at(merchant, feed(merchant).feed_id)

    merchant.browser.send(page, page, **{**NEW, "name": "Cups"})
    kept = open_login(feed(merchant), keys)
    merchant.browser.send(page, page, **{**NEW, "user": "bob", "password": "new"})
    replaced = open_login(feed(merchant), keys)

    assert (kept.user, kept.password) == ("ann", "old")
    assert (replaced.url, replaced.user, replaced.password) == (NEW["url"], "bob", "new")


def test_who_may_only_look_sees_no_feed(merchant: Merchant) -> None:
    add(merchant)
    viewer = sign_in(create_app(merchant.runtime), merchant.runtime, merchant.shop_id, role=Role.LOOK)

    assert viewer.get(at(merchant)).status_code == 403
    assert viewer.get(at(merchant, feed(merchant).feed_id)).status_code == 403


@pytest.mark.parametrize("path", ["nothing", "nothing/read"])
def test_a_feed_that_is_not_there_is_not_found(merchant: Merchant, path: str) -> None:
    answer = merchant.browser.send(at(merchant, path), at(merchant))

    assert answer.status_code == 404


def test_before_a_feed_and_its_password_are_gone_it_is_asked(merchant: Merchant) -> None:
    add(merchant)
    feed_id = feed(merchant).feed_id

    asked = merchant.browser.get(at(merchant, feed_id, "remove"))

    assert "Remove this feed?" in asked.text
    assert feed(merchant).feed_id == feed_id
    merchant.browser.send(at(merchant, feed_id, "remove"))
    with merchant.runtime.sessions.begin() as session:
        assert feeds.list_feeds(session, merchant.shop_id) == []
