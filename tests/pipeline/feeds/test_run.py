"""A feed on schedule: read, rehearsed, imported; what went wrong is kept, said by mail, and changes
nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import paramiko
import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from app.db import feeds, shops
from app.db.models import FeedRow
from app.mail import send_mail
from app.pipeline.context import ShopContext
from app.pipeline.feeds.access import FeedAccess
from app.pipeline.feeds.network import Network
from app.pipeline.feeds.run import read_feed
from app.pipeline.feeds.source import Login, read_address, seal_login
from app.platforms.base import Platform
from app.settings import Settings
from tests.feed_servers import FileServer, FolderServer, Page, file_server, folder_server
from tests.mailbox import Mailbox, mail_server
from tests.pipeline.purchase_orders import Buyer, a_buyer
from tests.world import Clock

KEYS = (Fernet.generate_key().decode(),)
ANN = "ann@shop.example"


@dataclass
class Office:
    """A buyer whose purchase orders are fetched by a worker, on a clock that the test holds."""

    buyer: Buyer
    network: Network
    settings: Settings
    clock: Clock = field(default_factory=Clock)

    def add(self, url: str, *, login: Login | None = None, **values: Any) -> str:
        """A new feed, switched on; returns its id."""
        place = read_address(url)
        kept = {
            "name": "Mugs Inc.",
            "kind": place.kind,
            "address": place.shown,
            "sealed": seal_login(login or Login(url), KEYS),
            "state": "on",
            "every_hours": 24,
            "mail_to": ANN,
            **values,
        }
        with self.buyer.sessions.begin() as session:
            return feeds.add_feed(session, self.buyer.shop_id, now=self.clock(), **kept).feed_id

    def run(self, *, after_minutes: float = 0) -> FeedRow:
        """A worker looks; returns the only feed after that."""
        self.work(after_minutes=after_minutes)
        return self.feed()

    def work(self, *, after_minutes: float = 0) -> None:
        """A worker looks."""
        self.clock.now += timedelta(minutes=after_minutes)
        context = ShopContext(
            self.buyer.shop_id,
            "worker",
            self.buyer.sessions,
            _no_platform,
            self.clock,
            "https://backline.test",
            feed_access=FeedAccess(KEYS, self.network, partial(send_mail, self.settings)),
        )
        with self.buyer.sessions.begin() as session:
            shops.take_lease(session, self.buyer.shop_id, "worker", now=self.clock())
        while read_feed(context):
            pass

    def feed(self) -> FeedRow:
        """The only one."""
        with self.buyer.sessions.begin() as session:
            [feed] = feeds.list_feeds(session, self.buyer.shop_id)
            return feed

    def expected(self) -> list[tuple[str, int, str]]:
        """What is on its way: order, units, day."""
        return [
            (one.reference, one.quantity, one.expected_on.isoformat())
            for one in self.buyer.arrivals()
            if one.state == "expected"
        ]

    def held(self) -> tuple[str, bytes] | None:
        """The file that was refused."""
        with self.buyer.sessions.begin() as session:
            return feeds.held_file(session, self.buyer.shop_id, self.feed().feed_id)


def _no_platform(shop: object) -> Platform:
    message = "a feed needs no platform"
    raise AssertionError(message)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """Where mails arrive."""
    with mail_server() as box:
        yield box


@pytest.fixture
def web(tmp_path: Path) -> Iterator[FileServer]:
    """An HTTPS server."""
    with file_server(tmp_path) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[FolderServer]:
    """An SFTP server."""
    with folder_server(tmp_path / "in") as server:
        yield server


@pytest.fixture
def office(clean_pg: sa.Engine, settings: Settings, mailbox: Mailbox) -> Office:
    """A shop with mugs at one place."""
    told = settings.model_copy(update={name.lower(): value for name, value in mailbox.settings.items()})
    return Office(a_buyer(clean_pg, places=1), Network(lambda address: address.is_loopback), told)


@pytest.fixture
def online(office: Office, web: FileServer) -> Office:
    """The same, which reaches the HTTPS server."""
    office.network = web.network
    return office


def test_an_address_is_read_on_schedule_and_its_file_imported(online: Office, web: FileServer) -> None:
    url = web.put("PO-1,MUG-BLUE,40,2026-12-05")
    online.add(url)

    first = online.run()
    web.put("PO-1,MUG-BLUE,40,2026-12-09")
    early = online.run(after_minutes=23 * 60)
    asked = len(web.asked)
    online.run(after_minutes=60)

    assert (first.outcome, first.report["new"], first.problem) == ("imported", 1, "")
    assert early.ran_at == first.ran_at
    assert (asked, len(web.asked)) == (1, 2)
    assert online.expected() == [("PO-1", 40, "2026-12-09")]


def test_on_trial_a_feed_changes_nothing(online: Office, web: FileServer) -> None:
    online.add(web.put("PO-1,MUG-BLUE,40,2026-12-05"), state="trial")

    feed = online.run()

    assert (feed.outcome, feed.report["new"], feed.report["file"]) == ("rehearsed", 1, "orders.csv")
    assert online.buyer.arrivals() == []


def test_a_file_that_has_not_changed_is_not_read_again(online: Office, web: FileServer) -> None:
    online.add(web.put("PO-1,MUG-BLUE,40,2026-12-05", ETag='"1"'))

    online.run()
    feed = online.run(after_minutes=24 * 60)

    assert web.asked[1][1]["If-None-Match"] == '"1"'
    assert (feed.outcome, feed.report["new"]) == ("unchanged", 1)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (
            ["PO-1,MUG-BLUE,40,2026-12-09", "PO-2,MUG-BLUE,many,2026-12-05"],
            "1 line can't be used (line 3",
        ),
        ([], "no"),
    ],
)
def test_a_bad_file_changes_nothing_and_says_so_by_mail_once(
    online: Office, web: FileServer, mailbox: Mailbox, lines: list[str], says: str
) -> None:
    online.add(web.put("PO-1,MUG-BLUE,40,2026-12-05"))
    online.run()

    web.put(*lines)
    feed = online.run(after_minutes=24 * 60)
    online.run(after_minutes=24 * 60)

    assert feed.outcome == "failed"
    assert says in feed.problem
    assert online.expected() == [("PO-1", 40, "2026-12-05")]
    [mail] = mailbox.mails
    assert mail["To"] == ANN
    assert feed.problem in " ".join(mail.get_content().split())
    assert "Nothing of it was imported." in mail.get_content()
    assert f"/arrivals/feeds/{feed.feed_id}" in mail.get_content()
    assert online.held() is not None


def test_a_file_that_asks_something_changes_nothing_and_is_held(
    online: Office, web: FileServer, mailbox: Mailbox
) -> None:
    web.pages["/orders.csv"] = Page(b"reference,sku,quantity\nPO-1,MUG-BLUE,40\n")
    online.add(web.url())

    feed = online.run()

    assert "No column was found for: expected date" in feed.problem
    assert online.held() == ("orders.csv", b"reference,sku,quantity\nPO-1,MUG-BLUE,40\n")
    assert len(mailbox.mails) == 1


def test_the_good_lines_are_imported_where_that_is_wished_and_the_others_told(
    online: Office, web: FileServer, mailbox: Mailbox
) -> None:
    url = web.put("PO-1,MUG-BLUE,40,2026-12-05", "PO-2,MUG-BLUE,many,2026-12-05")
    online.add(url, takes_good_lines=True)

    feed = online.run()

    assert feed.outcome == "imported"
    assert online.expected() == [("PO-1", 40, "2026-12-05")]
    assert "many" in mailbox.texts()[0]
    assert "The other lines were imported." in mailbox.texts()[0]


def test_a_list_of_everything_closes_what_it_no_longer_names(online: Office, web: FileServer) -> None:
    lines = [f"PO-{number},MUG-BLUE,40,2026-12-05" for number in range(1, 5)]
    online.add(web.put(*lines), options={"is_complete": True})
    online.run()

    web.put(*lines[1:])
    online.run(after_minutes=24 * 60)

    assert [reference for reference, *_ in online.expected()] == ["PO-2", "PO-3", "PO-4"]


def test_a_list_that_seems_cut_off_closes_nothing(online: Office, web: FileServer) -> None:
    lines = [f"PO-{number},MUG-BLUE,40,2026-12-05" for number in range(1, 5)]
    online.add(web.put(*lines), options={"is_complete": True})
    online.run()

    web.put(lines[0])
    feed = online.run(after_minutes=24 * 60)

    assert "would close 3 of 4 open purchase order lines" in feed.problem
    assert len(online.expected()) == 4


def test_two_lists_of_everything_close_nothing_of_each_other(online: Office, web: FileServer) -> None:
    """Two suppliers' files with the same header line."""
    online.add(web.put("PO-1,MUG-BLUE,40,2026-12-05"), options={"is_complete": True})
    online.add(web.put("X-1,MUG-BLUE,9,2026-12-07", path="/other.csv"), options={"is_complete": True})

    online.work()
    online.work(after_minutes=24 * 60)

    assert len(online.expected()) == 2


def test_what_passes_by_itself_is_tried_sooner_and_told_only_if_it_stays(
    online: Office, web: FileServer, mailbox: Mailbox
) -> None:
    web.pages["/orders.csv"] = Page(status=503)
    online.add(web.url())

    first = online.run()
    mails_at_first = len(mailbox.mails)
    second = online.run(after_minutes=10)
    web.put("PO-1,MUG-BLUE,40,2026-12-05")
    third = online.run(after_minutes=20)

    assert first.due_at == first.ran_at + timedelta(minutes=10)
    assert (mails_at_first, len(mailbox.mails)) == (0, 1)
    assert second.failures == 2
    assert (third.outcome, third.failures, third.problem) == ("imported", 0, "")


def test_a_mail_that_does_not_leave_is_sent_with_the_next_run(
    online: Office, web: FileServer, mailbox: Mailbox
) -> None:
    mailbox.refuses = True
    online.add(web.url("/nothing"))

    online.run()
    mailbox.refuses = False
    online.run(after_minutes=24 * 60)

    assert len(mailbox.mails) == 1


def test_a_feed_that_was_removed_or_stopped_during_its_run_stays_so(
    online: Office, web: FileServer
) -> None:
    feed_id = online.add(web.put("PO-1,MUG-BLUE,40,2026-12-05"))
    sessions, shop_id = online.buyer.sessions, online.buyer.shop_id
    with sessions.begin() as session:
        taken = feeds.take_due_feed(session, shop_id, now=online.clock())
    assert taken is not None
    assert taken.due_at is not None

    with sessions.begin() as session:
        feed = feeds.find_feed(session, shop_id, feed_id)
        assert feed is not None
        feed.state, feed.due_at = "off", None
    with sessions.begin() as session:
        ends = {"taken_due_at": taken.due_at, "due_at": online.clock(), "outcome": "imported"}
        feeds.end_run(session, taken, **ends)

    assert (online.feed().state, online.feed().due_at) == ("off", None)


def test_a_folder_waits_for_its_host_key_to_be_confirmed(
    office: Office, folder: FolderServer, mailbox: Mailbox
) -> None:
    folder.put("a.csv", "PO-1,MUG-BLUE,40,2026-12-05")
    office.add(folder.url(), login=Login(folder.url(), password="in"))

    feed = office.run()

    assert feed.offered_host_key == folder.host_key
    assert feed.due_at is None
    assert "Confirm the host key" in feed.problem
    assert folder.sign_ins == []


def test_new_files_of_a_folder_are_read_once_each_when_they_no_longer_grow(
    office: Office, folder: FolderServer
) -> None:
    folder.put("a.csv", "PO-1,MUG-BLUE,40,2026-12-05")
    office.add(folder.url(), login=Login(folder.url(), password="in"), host_key=folder.host_key)

    first = office.run()
    folder.put(
        "a.csv", "PO-1,MUG-BLUE,40,2026-12-05", "PO-2,MUG-BLUE,8,2026-12-06", modified_s=1_000_001
    )
    growing = office.run(after_minutes=1)
    whole = office.run(after_minutes=1)
    later = office.run(after_minutes=24 * 60)

    assert [first.outcome, growing.outcome, whole.outcome] == ["waiting", "waiting", "imported"]
    assert later.outcome == "unchanged"
    assert office.expected() == [("PO-1", 40, "2026-12-05"), ("PO-2", 8, "2026-12-06")]


def test_a_bad_file_of_a_folder_does_not_hold_the_others_up(
    office: Office, folder: FolderServer, mailbox: Mailbox
) -> None:
    folder.put("a.csv", "PO-1,MUG-BLUE,many,2026-12-05", modified_s=1)
    folder.put("b.csv", "PO-2,MUG-BLUE,8,2026-12-06", modified_s=2)
    office.add(folder.url(), login=Login(folder.url(), password="in"), host_key=folder.host_key)

    office.run()
    feed = office.run(after_minutes=1)

    assert feed.outcome == "failed"
    assert feed.problem.startswith("a.csv: ")
    assert office.expected() == [("PO-2", 8, "2026-12-06")]
    assert len(mailbox.mails) == 1
    assert office.held() is not None


def test_of_a_folder_of_complete_lists_the_newest_counts(office: Office, folder: FolderServer) -> None:
    folder.put("a.csv", "PO-1,MUG-BLUE,40,2026-12-05", modified_s=1)
    folder.put("b.csv", "PO-2,MUG-BLUE,8,2026-12-06", modified_s=2)
    office.add(
        folder.url(),
        login=Login(folder.url(), password="in"),
        host_key=folder.host_key,
        options={"is_complete": True},
    )

    office.run()
    office.run(after_minutes=1)

    assert office.expected() == [("PO-2", 8, "2026-12-06")]


def test_a_server_with_a_new_key_is_not_read_until_somebody_confirms_it(
    office: Office, folder: FolderServer, mailbox: Mailbox
) -> None:
    other = paramiko.ECDSAKey.generate()
    known = f"{other.get_name()} {other.get_base64()}"
    office.add(folder.url(), login=Login(folder.url(), password="in"), host_key=known)

    feed = office.run()

    assert (feed.host_key, feed.offered_host_key) == (known, folder.host_key)
    assert folder.sign_ins == []
    assert "shows another host key" in mailbox.texts()[0].replace("\n", " ")


def test_a_login_that_no_key_opens_is_said_and_stops_nothing_else(
    online: Office, web: FileServer
) -> None:
    other = Fernet.generate_key().decode()
    online.add(web.put(), sealed=seal_login(Login(web.url()), [other]))

    feed = online.run()

    assert "ENCRYPTION_KEYS" in feed.problem
    assert web.asked == []
