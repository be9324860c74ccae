"""What a page weighs, and how soon it stands and answers on a slow machine."""

import gzip

import pytest
from playwright.sync_api import Browser, Page, Response

from tests.pages.conftest import Sale

LIGHT = 60_000
PATHS = ["", "/orders", "/orders/#1003", "/activity", "/late-orders", "/deliveries"]

# As https://web.dev/articles/vitals has them: the largest paint, the sum of shifts that nobody caused,
# the longest wait from a press to the next frame.
_WATCH = """
window.vitals = {lcp: 0, cls: 0, inp: 0};
const watch = (type, act, options) =>
  new PerformanceObserver((list) => list.getEntries().forEach(act))
    .observe({type, buffered: true, ...options});
watch('largest-contentful-paint', (entry) => { vitals.lcp = entry.startTime; });
watch('layout-shift', (entry) => { if (!entry.hadRecentInput) vitals.cls += entry.value; });
const press = (entry) => { vitals.inp = Math.max(vitals.inp, entry.duration); };
watch('event', press, {durationThreshold: 16});
"""


@pytest.mark.parametrize("path", PATHS)
def test_a_page_with_all_it_loads_is_light(sale: Sale, page: Page, path: str) -> None:
    """Each answer compressed as a server in front of us would."""
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 -- it asks for a function
    page.goto(sale.shop + path.replace("#1003", str(sale.ids["#1003"])))
    page.wait_for_load_state("networkidle")

    weights = {answer.url: len(gzip.compress(answer.body())) for answer in answers}
    print(f"{path or '/'}: {sum(weights.values())} bytes in {len(weights)} answers")  # noqa: T201
    assert len(weights) >= 5
    assert sum(weights.values()) < LIGHT


MAIN = [
    *("", "/orders", "/orders/9000007", "/items", "/incoming", "/suppliers?name=Acme", "/activity"),
    *("/late-orders", "/deliveries", "/settings", "/alerts", "/setup"),
]


@pytest.mark.benchmark
def test_vitals_on_a_slow_machine(crowded: Sale, browser_at_large: Browser) -> None:
    """Printed for each main page of a shop with 500 late orders and 500 deliveries, for a CPU four times
    slower: the largest paint, layout shift, the longest answer to a press, typing included."""
    for path in MAIN:
        found = _vitals(browser_at_large, crowded.shop + path)
        told = f"LCP {found['lcp']:.0f} ms, CLS {found['cls']:.3f}, INP {found['inp']:.0f} ms"
        print(f"{path or '/'}: {told}")  # noqa: T201
        assert found["lcp"] > 0


def _vitals(browser: Browser, address: str) -> dict[str, float]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(_WATCH)
    page = context.new_page()
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(address)
    page.wait_for_load_state("networkidle")
    search = page.get_by_role("searchbox")
    if search.count():
        search.first.press_sequentially("mug", delay=80)
    for summary in page.locator("summary:visible").all()[:5]:
        summary.click()
    page.wait_for_timeout(1000)
    found: dict[str, float] = page.evaluate("vitals")
    context.close()
    return found
