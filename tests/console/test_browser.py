"""The console in a real browser: without scripts, for every eye, on a phone and on a desk."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from referral import create_app
from referral.domain.businesses import Role, credentials, invite, within
from referral.foundation import clock
from referral.foundation.db import db, session, transaction
from tests.cast import open_shop
from tests.console.conftest import hire
from tests.console.test_pages import PAGES, ids_of, lived
from tests.console.visiting import Visitor, sign_in
from tests.databases import cloned_database, drop_database
from tests.fixtures import migrate, settings_for
from tests.live import served

pytestmark = pytest.mark.browser
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PASSWORD = "eight brown teapots"


@dataclass
class World:
    """A shop with a month of life, served at an address, and olive's cookie."""

    app: Flask
    business_id: uuid.UUID
    paths: list[str]
    cookie: str
    address: str = ""

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Work on the shop's data, with nothing left open afterwards."""
        with self.app.app_context(), within(self.business_id):
            yield
            session.rollback()

    def signed_in(self, browser: Browser, **looks: object) -> BrowserContext:
        """Open a browser in which olive is signed in."""
        context = browser.new_context(**looks)
        kept = {"name": "console", "value": self.cookie, "domain": "127.0.0.1", "path": "/"}
        context.add_cookies([kept])
        return context


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A shop with a month of life; one sign-in serves this whole file."""
    url = cloned_database("sqlite", migrate=migrate)
    app = create_app(settings_for(url))
    app.test_client_class = Visitor
    with app.app_context():
        shop = lived(open_shop(at=clock.now()))
        client = app.test_client()
        sign_in(client, hire(shop))
        cookie = client.get_cookie("console").value
        made = World(app, shop.business.id, [*PAGES, *ids_of(shop)], cookie)
        session.rollback()
    with served(app) as made.address:
        yield made
    with app.app_context():
        db.engine.dispose()
    drop_database(url)


def test_a_newcomer_sets_everything_up_without_scripts(chromium: Browser, world: World):
    with world.at_work(), transaction():
        at = clock.now()
        max_ = invite(world.business_id, "max@shop.example", role=Role.VIEWER, name="Max", at=at)
        way = f"{world.address}/console/set-up/{credentials.issue_setup_token(max_, at=at)}"
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(way)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    secret = page.locator("code.code-word").inner_text().replace(" ", "")
    page.get_by_label("Code from the app").fill(pyotp.TOTP(secret).at(clock.wall_now()))
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="Keep these codes").wait_for()
    assert page.locator("li code").count() == 10
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("heading", name="Overview").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    context.close()


@pytest.mark.parametrize("with_scripts", [True, False])
def test_chosen_rewards_are_held_together(chromium: Browser, world: World, with_scripts: bool):
    context = world.signed_in(chromium, java_script_enabled=with_scripts)
    page = context.new_page()
    page.goto(f"{world.address}/console/rewards?show=pending")
    assert not page.get_by_label("Reason").is_visible()
    page.locator("[data-select-row]").nth(int(with_scripts)).check()
    page.get_by_label("Reason").fill("Held by hand.")
    page.get_by_role("button", name="Hold").click()
    page.get_by_role("heading", name="1 reward put on hold").wait_for()
    context.close()


def test_denying_asks_first_and_names_how_many(chromium: Browser, world: World):
    context = world.signed_in(chromium)
    page = context.new_page()
    page.goto(f"{world.address}/console/rewards")
    page.wait_for_selector("html[data-ready]")
    for row in page.locator("[data-select-row]").all()[:2]:
        row.check()
    page.get_by_label("Reason").fill("A test order.")
    page.get_by_role("button", name="Deny").click()
    question = page.get_by_role("dialog", name="Deny 2 rewards for good?")
    question.get_by_role("button", name="Go back").click()
    question.wait_for(state="detached")
    assert page.url == f"{world.address}/console/rewards"
    page.locator("[data-select-row]").first.uncheck()
    page.get_by_role("button", name="Deny").click()
    page.get_by_role("dialog", name="Deny this reward for good?").wait_for()
    context.close()


def test_a_reward_is_denied_after_the_question(chromium: Browser, world: World):
    context = world.signed_in(chromium)
    page = context.new_page()
    page.goto(f"{world.address}/console/rewards?show=pending")
    page.locator("td.cell-main a").first.click()
    page.wait_for_selector("html[data-ready]")
    page.get_by_label("Reason").fill("A test order.")
    page.get_by_role("button", name="Deny").click()
    question = page.get_by_role("dialog", name="Deny this reward for good?")
    question.get_by_role("button", name="Deny").click()
    page.get_by_text("The reward was denied.").wait_for()
    context.close()


@pytest.mark.parametrize("with_scripts", [True, False])
def test_only_what_the_chosen_kind_has_is_asked(
    chromium: Browser, world: World, with_scripts: bool
):
    context = world.signed_in(chromium, java_script_enabled=with_scripts)
    page = context.new_page()
    (program,) = [path for path in world.paths if path.endswith("/edit")]
    page.goto(f"{world.address}{program.removesuffix('/edit')}/offers/advocate")

    def asked() -> list[str | None]:
        parts = page.locator(".part").all()
        return [part.get_attribute("data-for") for part in parts if part.is_visible()]

    page.get_by_label("For what").select_option("signup")
    for kind in ("discount", "free_period", "choice", "gift", "recognition", "store_credit"):
        page.locator(f'[name="advocate_kind"][value="{kind}"]').check()
        assert asked() == [kind]
        assert page.get_by_label("How much", exact=True).is_visible() is (kind != "recognition")
    page.locator('[name="advocate_kind"][value="choice"]').check()
    for kind in ("cash", "store_credit"):
        page.locator(f'[name="advocate_choice_{kind}"]').check()
    assert asked() == ["choice", "store_credit", "cash"]
    page.locator('[name="advocate_kind"][value="account_credit"]').check()
    page.get_by_label("Who is no Stripe customer gets instead").select_option("cash")
    page.get_by_label("For what").select_option("milestone")
    assert asked() == ["account_credit", "cash", "milestone"]
    page.get_by_label("How many friends").fill("none")
    page.get_by_role("button", name="Publish").click()
    assert page.get_by_label("How many friends").get_attribute("aria-invalid") == "true"
    context.close()


@pytest.mark.parametrize(("width", "colours"), [(360, "dark"), (1440, "light")])
def test_nobody_is_shut_out(chromium: Browser, world: World, width: int, colours: str):
    context = world.signed_in(
        chromium, viewport={"width": width, "height": 900}, color_scheme=colours
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    troubles = [found for path in world.paths if (found := trouble(page, world.address + path))]
    context.close()
    assert troubles == []
    assert complaints == []


@pytest.mark.parametrize("path", ["/console/sign-in", "/console/set-up/unknown", "/dev/outbox"])
def test_the_way_in_is_open_to_everybody(chromium: Browser, world: World, path: str):
    page = chromium.new_page(viewport={"width": 360, "height": 740})
    assert trouble(page, world.address + path) is None
    page.close()


def trouble(page: Page, address: str) -> str | None:
    """Open a page and say what shuts somebody out of it."""
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    found = Axe().run(page, options={"runOnly": STANDARDS})
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if found.violations_count or overflow:
        return f"{address}: {overflow} px too wide. {found.generate_report()}"
    return None
