"""A store on the clock that the tests turn, and a client that speaks to its API without a socket."""

from collections.abc import Callable, Iterator

import pytest
import requests

from app.sandbox.bigcommerce.records import Variant
from app.sandbox.bigcommerce.server import SandboxAdapter
from app.sandbox.bigcommerce.store import SandboxStore
from tests.sandbox.clock import Clock

Call = Callable[..., requests.Response]


@pytest.fixture
def store(clock: Clock) -> Iterator[SandboxStore]:
    """Whatever a test asks of it, every answer must be what the specs say."""
    store = SandboxStore(clock=clock)
    store.add_location("Main")
    store.add_location("Annex")
    yield store
    assert store.answer_problems == []


@pytest.fixture
def main(store: SandboxStore) -> int:
    return next(iter(store.books.locations))


@pytest.fixture
def annex(store: SandboxStore) -> int:
    return list(store.books.locations)[1]


@pytest.fixture
def mug(store: SandboxStore, main: int) -> Variant:
    """Five are there, and any number may be sold."""
    return store.add_product("Blue Mug", sku="MUG", stock={main: 5})


@pytest.fixture
def session(store: SandboxStore) -> requests.Session:
    session = requests.Session()
    session.mount("https://", SandboxAdapter([store]))
    session.headers.update({"X-Auth-Token": store.access_token, "Accept": "application/json"})
    return session


@pytest.fixture
def call(session: requests.Session, store: SandboxStore) -> Call:
    """`call("GET", "/v2/orders")`, with the options of `requests`."""

    def send(method: str, path: str, **options: object) -> requests.Response:
        address = f"https://api.bigcommerce.com/stores/{store.store_hash}{path}"
        return session.request(method, address, timeout=5, **options)  # type: ignore[arg-type]

    return send
