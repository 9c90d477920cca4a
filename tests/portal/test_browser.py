"""The portal in a real browser: without scripts, for every eye, on a phone and on a desk."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from referral import create_app
from referral.foundation.db import db
from tests.databases import cloned_database, drop_database
from tests.fixtures import migrate, settings_for
from tests.live import served
from tests.portal.visiting import World

pytestmark = pytest.mark.browser
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ALICE = "alice@mail.example"
PAGES = ("", "/friends", "/rewards", "/account", "REWARD", "QR")
BEFORE = ("/sign-in", "/join", "/sign-in/code", "LINK")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A shop where alice has sent friends who stand at every step."""
    url = cloned_database("sqlite", migrate=migrate)
    made = World(create_app(settings_for(url)))
    with made.at_work():
        link = made.shop.link_of(made.shop.customer("alice", full_name="Alice Sommer"))
        for name in ("bob", "dora", "zoe"):
            made.shop.signup(name, token=made.shop.click(link))
        made.shop.purchase("bob")
        made.shop.refund(made.shop.purchase("dora"), 12000)
    yield made
    with made.app.app_context():
        db.engine.dispose()
    drop_database(url)


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    """The portal's address while it is served."""
    with served(world.app) as host:
        yield f"{host}/portal/{world.shop.business.slug}"


@pytest.fixture(scope="module")
def cookies(world: World) -> list[dict[str, str]]:
    """What alice's browser holds once she has signed in; one sign-in serves this whole file."""
    alice = world.signed_in(ALICE)
    kept = alice.client.get_cookie("portal")
    assert kept is not None
    return [{"name": "portal", "value": kept.value, "domain": "127.0.0.1", "path": "/"}]


def ask(page: Page, address: str, email: str) -> None:
    """Ask to sign in, up to the page that takes the code."""
    page.goto(f"{address}/sign-in")
    page.get_by_label("Your email").fill(email)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_role("heading", name="Look into your mail").wait_for()


def test_a_code_signs_in_without_scripts(chromium: Browser, world: World, address: str):
    with world.at_work():
        world.shop.customer("nina")
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()

    ask(page, address, "nina@mail.example")
    page.get_by_label("Your six-digit code").fill(world.mail("nina@mail.example")["code"])
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Hello, Nina").wait_for()
    page.get_by_role("link", name="Only the QR").click()

    assert page.get_by_role("img", name="QR code of your link").is_visible()
    context.close()


def test_six_digits_send_themselves_and_a_link_leaves_the_address(
    chromium: Browser, world: World, address: str
):
    with world.at_work():
        world.shop.customer("olga")
    context = chromium.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    ask(page, address, "olga@mail.example")
    link = world.mail("olga@mail.example")["link"].partition("/sign-in/")[2]
    page.goto(f"{address}/sign-in/{link}")
    page.wait_for_url(f"{address}/sign-in/code")
    told = page.evaluate("fetch('/healthz').then(() => document.referrer)")
    page.get_by_role("button", name="Sign me in").click()
    page.get_by_role("heading", name="Hello, Olga").wait_for()

    assert link not in told
    assert link not in page.content()
    assert complaints == []
    context.close()


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nobody_is_shut_out(
    chromium: Browser, world: World, address: str, cookies: list, colours: str, width: int
):
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=colours)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{address}/rewards")
    reward = page.locator(".reward-line a").first.get_attribute("href") or ""
    page.goto(address)
    held_up = page.get_by_role("link", name="Only the QR").get_attribute("href") or ""
    host = address.partition("/portal")[0]
    known = {"REWARD": host + reward, "QR": host + held_up}

    found = [faults(page, known.get(path, address + path)) for path in PAGES]

    assert found == [[]] * len(PAGES)
    context.close()


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nobody_is_shut_out_before_the_door(
    chromium: Browser, world: World, address: str, colours: str, width: int
):
    email = f"v{width}{colours}@mail.example"
    with world.at_work():
        world.shop.customer("vera", email=email, customer=f"cus_{width}{colours}")
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=colours)
    page = context.new_page()
    ask(page, address, email)
    link = world.mail(email)["link"].partition("/sign-in/")[2]
    known = {"LINK": f"{address}/sign-in/{link}"}

    found = [faults(page, known.get(path, address + path)) for path in BEFORE]

    assert found == [[]] * len(BEFORE)
    context.close()


def faults(page: Page, url: str) -> list[str]:
    """Return what axe finds on a page, and whether it is wider than the window."""
    page.goto(url)
    page.wait_for_selector("html[data-ready]")
    found = Axe().run(page, options={"runOnly": STANDARDS})
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    wide = [f"{url} is {overflow} px too wide"] if overflow else []
    return wide + ([found.generate_report()] if found.violations_count else [])
