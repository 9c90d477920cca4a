"""The page of the document, in a real browser under the real content policy."""

import pytest
from playwright.sync_api import Browser, expect

from tests.databases import cloned_database, drop_database
from tests.fixtures import migrate, settings_for
from tests.live import LiveApp

NARROW, WIDE = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


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
        page.close()
    drop_database(url)
