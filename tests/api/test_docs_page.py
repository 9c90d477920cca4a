"""The page of the document, in a real browser under the real content policy."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.databases import cloned_database, drop_database
from tests.fixtures import migrate, settings_for
from tests.live import LiveApp

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NARROW, WIDE = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


def broken_rules(page: Page) -> list[tuple[str, str]]:
    """Return which rules of accessibility the page breaks, each with the first place."""
    found = Axe().run(page, options={"runOnly": STANDARDS}).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found]


@pytest.mark.browser
def test_the_page_shows_every_call_and_complains_of_nothing(
    chromium: Browser, live_app: LiveApp
) -> None:
    url = cloned_database("sqlite", migrate=migrate)
    address = live_app(settings_for(url))
    for size, scheme in ((NARROW, "light"), (WIDE, "dark")):
        page = chromium.new_page(viewport=size, color_scheme=scheme)
        complaints: list[str] = []
        page.on("console", lambda message, kept=complaints: kept.append(message.text))
        page.on("pageerror", lambda error, kept=complaints: kept.append(str(error)))
        page.goto(f"{address}/api/docs")
        expect(page.locator("h1")).to_contain_text("Referral API")
        expect(page.get_by_text("/rewards/{reward}/approval").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert complaints == []
        assert broken_rules(page) == []
        page.locator(".opblock-summary-control").first.click()
        expect(page.locator(".responses-inner").first).to_be_visible()
        assert page.url.endswith("#/People/keep_person")
        assert broken_rules(page) == []
        page.close()
    drop_database(url)
