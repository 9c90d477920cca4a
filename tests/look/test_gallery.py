"""Every component, looked at as a reader, a phone and a screen reader would."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ERRORS = sorted(path.name for path in (ROOT / "templates" / "errors").glob("*.html"))


def test_the_gallery_shows_every_macro_file(gallery: Flask):
    shown = (ROOT / "templates" / "components" / "gallery.html").read_text()
    files = [path.name for path in (ROOT / "templates" / "components").glob("*.html")]
    macros = [name for name in files if "macro" in (path_of(name)).read_text()]
    for_layouts = {"nav.html"}

    missing = [name for name in macros if f"components/{name}" not in shown]

    assert set(missing) == for_layouts


def test_nothing_is_styled_or_scripted_inline(gallery: Flask):
    page = gallery.test_client().get("/").text

    assert re.findall(r"<[^>]+\s(?:style|on\w+)=", page) == []
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style", page) == []


def test_every_id_stands_once_and_every_label_finds_its_field(gallery: Flask):
    page = gallery.test_client().get("/").text
    ids = re.findall(r'\sid="([^"]+)"', page)

    assert sorted(ids) == sorted(set(ids))
    assert set(re.findall(r'<label[^>]*\sfor="([^"]+)"', page)) <= set(ids)
    assert page.count("<h1") == 1


@pytest.mark.parametrize("name", ERRORS)
def test_bad_news_says_what_happened(gallery: Flask, name: str):
    page = gallery.test_client().get("/page", query_string={"name": f"errors/{name}"}).text

    assert page.count("<h1>") == 1
    assert "Nordlicht Coffee" in page


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "page?name=errors/404.html"])
def test_nobody_is_shut_out(chromium: Browser, address: str, path: str, colours: str, width: int):
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=colours)
    page.goto(address + path)
    page.wait_for_selector("html[data-ready]")

    found = Axe().run(page, options={"runOnly": STANDARDS})
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    page.close()

    assert found.violations_count == 0, found.generate_report()
    assert overflow == 0


def path_of(name: str) -> Path:
    """Return the path of a component file."""
    return ROOT / "templates" / "components" / name


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 390, 1440])
def test_an_amount_on_a_tile_stays_on_its_line(chromium: Browser, address: str, width: int):
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.goto(address)
    page.wait_for_selector("html[data-ready]")

    lines = page.locator(".stat-value").evaluate_all(
        "all => all.map(one => one.offsetHeight / parseFloat(getComputedStyle(one).lineHeight))"
    )
    page.close()

    assert [round(number) for number in lines] == [1] * 4
