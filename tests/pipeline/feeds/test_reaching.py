"""What feeds may reach and for how long, against servers of this machine."""

import gzip
import io
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import paramiko
import pytest

from app.pipeline.feeds.network import FeedFailed, Network, deadline, is_public
from app.pipeline.feeds.sftp import HostKeyOffered, fingerprint, open_folder
from app.pipeline.feeds.source import LARGEST_FILE, AddressRefused, Login, read_address
from app.pipeline.feeds.web import Fetched, fetch_file
from tests.feed_servers import FileServer, FolderServer, Page, file_server, folder_server


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


def fetch(login: Login, network: Network, *, etag: str = "", within_s: float = 20) -> Fetched | None:
    """One file."""
    with deadline(within_s) as until:
        return fetch_file(login, etag=etag, modified="", network=network, until=until)


def names(login: Login, host_key: str | None, network: Network) -> list[str]:
    """The files of a folder."""
    with (
        deadline(20) as until,
        open_folder(login, host_key=host_key, network=network, until=until) as opened,
    ):
        return [file.name for file in opened.files()]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.9.9", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "224.0.0.1", "255.255.255.255", "168.63.129.16", "192.0.2.1"),  # noqa: S104
        *("::", "::1", "fe80::1", "fec0::1", "fdaa::3", "ff02::1", "::127.0.0.1"),
        *("::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:0:0:0:0:80ff:fefe"),
    ],
)
def test_an_address_that_is_not_on_the_internet_is_never_reached(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_on_the_internet_may_be_reached(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "[::1]", "127.1", "0"]
)
def test_however_it_is_written_this_machine_is_not_read(host: str, web: FileServer) -> None:
    with pytest.raises(FeedFailed, match=r"not an address on the public internet|no host|can't be"):
        fetch(Login(web.url(host=host)), Network())

    assert web.asked == []


def test_a_redirect_may_lead_to_no_private_address(web: FileServer) -> None:
    """127.0.0.2 stands for a private one: the network of this test reaches 127.0.0.1 alone."""
    web.pages["/away"] = Page(status=302, headers={"Location": web.url("/secret", host="127.0.0.2")})

    with pytest.raises(FeedFailed, match=r"127\.0\.0\.2, which is not an address"):
        fetch(Login(web.url("/away")), web.network)

    assert [path for path, _ in web.asked] == ["/away"]


@pytest.mark.parametrize("location", ["http://127.0.0.1/x", "sftp://127.0.0.1/x", "file:///etc", ""])
def test_a_redirect_leads_to_https_alone(web: FileServer, location: str) -> None:
    web.pages["/away"] = Page(status=301, headers={"Location": location})

    with pytest.raises(FeedFailed, match="can't be read over HTTPS"):
        fetch(Login(web.url("/away")), web.network)


def test_a_redirect_is_followed_but_not_for_ever(web: FileServer) -> None:
    web.put("PO-1,MUG-BLUE,40,2026-12-05", path="/new.csv")
    web.pages["/old.csv"] = Page(status=308, headers={"Location": "/new.csv"})
    web.pages["/ring"] = Page(status=302, headers={"Location": "/ring"})

    fetched = fetch(Login(web.url("/old.csv")), web.network)

    assert fetched is not None
    assert fetched.name == "new.csv"
    with pytest.raises(FeedFailed, match="again and again"):
        fetch(Login(web.url("/ring")), web.network)


def test_a_password_goes_to_the_server_that_was_named_and_to_no_other(
    web: FileServer, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    with file_server(tmp_path / "other", host="127.0.0.2") as other:
        other.put(path="/x.csv")
        bundle = tmp_path / "both.pem"
        bundle.write_text(Path(web.authorities).read_text() + Path(other.authorities).read_text())
        web.pages["/orders.csv"] = Page(status=302, headers={"Location": other.url("/x.csv")})

        fetch(Login(web.url(), "ann", "in"), Network(lambda address: True, str(bundle)))

    assert web.asked[0][1]["Authorization"] == "Basic YW5uOmlu"
    assert "Authorization" not in other.asked[0][1]


def test_what_has_not_changed_is_not_sent_again(web: FileServer) -> None:
    url = web.put("PO-1,MUG-BLUE,40,2026-12-05", ETag='"7"')

    first = fetch(Login(url), web.network)

    assert first is not None
    assert first.etag == '"7"'
    assert fetch(Login(url), web.network, etag='"7"') is None


def test_a_file_that_came_packed_is_unpacked_but_only_so_far(web: FileServer) -> None:
    packed = {"Content-Encoding": "gzip"}
    web.pages["/small"] = Page(gzip.compress(b"a,b\n"), headers=packed)
    web.pages["/bomb"] = Page(gzip.compress(bytes(LARGEST_FILE + 1)), headers=packed)

    small = fetch(Login(web.url("/small")), web.network)

    assert small is not None
    assert small.content == b"a,b\n"
    with pytest.raises(FeedFailed, match="larger than 16 MiB"):
        fetch(Login(web.url("/bomb")), web.network)


def test_a_file_that_is_too_large_is_not_read_to_its_end(web: FileServer) -> None:
    web.pages["/orders.csv"] = Page(bytes(LARGEST_FILE + 1))

    with pytest.raises(FeedFailed, match="larger than 16 MiB"):
        fetch(Login(web.url()), web.network)


def test_a_server_that_sends_a_byte_now_and_then_holds_nobody_up(web: FileServer) -> None:
    web.pages["/orders.csv"] = Page(bytes(10_000), drip_s=0.05)

    with pytest.raises(FeedFailed, match="did not send everything"):
        fetch(Login(web.url()), web.network, within_s=0.5)


def test_a_file_that_breaks_off_is_not_used(web: FileServer) -> None:
    web.pages["/orders.csv"] = Page(b"reference,sku\n", claims=1000)

    with pytest.raises(FeedFailed, match="broke off"):
        fetch(Login(web.url()), web.network)


@pytest.mark.parametrize(
    ("page", "says", "passes"),
    [
        (Page(status=401), "answered 401: check the user name", False),
        (Page(status=404), "answered 404: check the address", False),
        (Page(status=503), "answered 503", True),
    ],
)
def test_an_answer_that_is_no_file_says_what_to_do(
    web: FileServer, page: Page, says: str, *, passes: bool
) -> None:
    web.pages["/orders.csv"] = page

    with pytest.raises(FeedFailed, match=says) as failed:
        fetch(Login(web.url()), web.network)

    assert failed.value.passes is passes


def test_a_server_that_nobody_vouches_for_is_not_believed(web: FileServer) -> None:
    with pytest.raises(FeedFailed, match=r"certificate of 127\.0\.0\.1 can't be trusted"):
        fetch(Login(web.url()), Network(web.network.may_reach))


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/x",
        "ftp://a.example",
        "a.example/x.csv",
        "https:///x",
        "https://a b",
        "https://a:0",
    ],
)
def test_an_address_that_can_be_no_feed_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        read_address(url)


def test_what_people_see_of_an_address_holds_no_secret() -> None:
    shown = read_address("https://ann:pass@files.example/po/orders.csv?token=s3cret").shown

    assert shown == "https://files.example/po/orders.csv?…"


def test_a_host_key_is_confirmed_before_anything_is_told_to_its_server(folder: FolderServer) -> None:
    with pytest.raises(HostKeyOffered) as offered:
        names(Login(folder.url(), password="in"), None, folder.network)

    assert offered.value.host_key == folder.host_key
    assert fingerprint(folder.host_key) in str(offered.value)
    assert folder.sign_ins == []


def test_a_server_with_another_key_of_the_same_kind_is_told_nothing(folder: FolderServer) -> None:
    other = paramiko.ECDSAKey.generate()

    with pytest.raises(HostKeyOffered, match="another host key"):
        names(
            Login(folder.url(), password="in"),
            f"{other.get_name()} {other.get_base64()}",
            folder.network,
        )

    assert folder.sign_ins == []


def test_a_folder_on_this_machine_is_not_read(folder: FolderServer) -> None:
    with pytest.raises(FeedFailed, match="not an address on the public internet"):
        names(Login(folder.url(), password="in"), folder.host_key, Network())


def test_files_that_are_whole_are_listed_oldest_first(folder: FolderServer) -> None:
    folder.put("b.csv", modified_s=1)
    folder.put("a.csv", modified_s=2)
    folder.put("c.csv.part")
    folder.put(".hidden")
    (folder.folder / "done").mkdir()

    listed = names(Login(folder.url(), password="in"), folder.host_key, folder.network)

    assert listed == ["b.csv", "a.csv"]


def test_a_key_serves_as_well_as_a_password(folder: FolderServer) -> None:
    written = io.StringIO()
    folder.user_key.write_private_key(written, password="words")  # type: ignore[call-arg]
    key = written.getvalue()

    assert names(Login(folder.url(), "", "words", key), folder.host_key, folder.network) == []
    with pytest.raises(FeedFailed, match="give its passphrase"):
        names(Login(folder.url(), private_key=key), folder.host_key, folder.network)
    with pytest.raises(FeedFailed, match="private key can't be read"):
        names(Login(folder.url(), private_key="no key"), folder.host_key, folder.network)


@pytest.mark.parametrize(
    ("path", "password", "says"),
    [("/", "wrong", "did not let ann in"), ("/nowhere", "in", "has not got the folder /nowhere")],
)
def test_a_folder_that_can_t_be_read_says_what_to_check(
    folder: FolderServer, path: str, password: str, says: str
) -> None:
    with pytest.raises(FeedFailed, match=says):
        names(Login(folder.url(path), password=password), folder.host_key, folder.network)
