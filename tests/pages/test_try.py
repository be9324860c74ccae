from pathlib import Path
from axe_playwright_python.sync_playwright import Axe
from tests.pages.test_status_pages import page, served, world  # noqa
from app.db import mirror
SHOTS = Path("/tmp/items-shots")
def look(page, name):
    page.wait_for_timeout(100)
    r = Axe().run(page)
    for v in r.response["violations"]:
        print("AXE", name, v["id"], v["help"], [n["html"][:150] for n in v["nodes"]][:3], [n.get("failureSummary","")[:200] for n in v["nodes"]][:1])
    page.screenshot(path=SHOTS/f"{name}.png", full_page=True)
def test_try(world, page):
    page.context.set_default_timeout(5000)
    page.on("console", lambda m: print("CONSOLE", m.type, page.url, m.text[:120]))
    with world.runtime.sessions.begin() as s:
        item = mirror.find_items(s, world.shop_id, "MUG-BLUE")[0].item_id
    with served(world) as address:
        base = f"{address}/shops/{world.shop_id}"
        for scheme in ("light","dark"):
          for width in (1200, 390):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 800})
            n=f"{scheme}-{width}"
            page.goto(f"{base}/items"); look(page, "items-"+n)
            page.goto(f"{base}/items?q=zzz"); look(page, "items-none-"+n)
            page.goto(f"{base}/items/{item}"); 
            page.get_by_label("Units", exact=True).first.fill("2")
            page.get_by_role("button", name="Show what would follow").click()
            page.get_by_text("would be released").wait_for()
            page.get_by_text("The same as a table").click()
            page.get_by_text("Change", exact=False).locator("visible=true").first.click()
            look(page, "item-"+n)
            page.get_by_label("Units", exact=True).last.fill("0")
            page.get_by_role("button", name="Add", exact=True).click()
            look(page, "item-error-"+n)
            page.goto(f"{base}/settings"); look(page, "settings-"+n)
            page.get_by_label("Heading, when every day is known").fill("Ships {when}")
            page.get_by_role("button", name="Save sentences").click()
            look(page, "settings-error-"+n)
