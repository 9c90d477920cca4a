"""The form in a real Chromium: on another origin, under a strict policy, amid hostile styles."""

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import zxingcpp
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect
from sqlalchemy import func, select

from referral.domain.attribution import Signup
from referral.domain.businesses import across_businesses
from referral.foundation import clock
from referral.foundation.db import session
from tests.cast import Shop, open_shop
from tests.databases import cloned_database, drop_database
from tests.fixtures import migrate, settings_for
from tests.live import LiveApp, served
from tests.widget.conftest import HostPage, publishable_key, speak_from
from tests.widget.test_script import SOURCE

pytestmark = pytest.mark.browser
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
HOSTILE = """
  * { color: #eee !important; font-size: 3px !important; text-transform: uppercase }
  input, button, label, form { display: none !important }
"""
PAGE = """<!doctype html><html lang="en"><head><title>Corner Coffee</title>
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="{schemes}">{styles}
<script src="{ours}/widget/v1.js" data-key="{key}" {kind} async></script></head>
<body><main><h1>Welcome</h1>
<referral-signup {attributes}><p><a href="/own">Sign up with us</a></p></referral-signup>
<form id="own" action="/own"><input type="hidden" name="referral_token" data-referral-token></form>
</main></body></html>"""


@dataclass
class Visit:
    """A visitor of the shop's page, and everything the browser complained of."""

    page: Page
    url: str
    ours: str
    shop: Shop
    complaints: list[str] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)

    def open(self, **asked: str) -> "Visit":
        """Open the shop's page."""
        query = "&".join(f"{key}={value}" for key, value in asked.items())
        self.page.goto(f"{self.url}/?{query}", wait_until="networkidle")
        return self

    def come_through_alice(self) -> "Visit":
        """Follow alice's link to the shop's page."""
        token = self.shop.click(self.shop.link_of(self.shop.customer("alice")))
        return self.open(ref=token)

    @property
    def signups(self) -> int:
        count = select(func.count(Signup.id)).execution_options(**across_businesses())
        return session.scalar(count) or 0


@dataclass
class Stage:
    """Where a visit takes place: the product, the shop's page, and a browser."""

    browser: Browser
    live_app: LiveApp
    host_page: HostPage
    database_url: str
    contexts: list[BrowserContext] = field(default_factory=list)

    def visit(
        self,
        *,
        attributes: str = "",
        hostile: bool = True,
        ours: str = "",
        schemes: str = "light dark",
        kind: str = "",
        **context: object,
    ) -> Visit:
        """Put the form on the shop's page, under the strictest policy that lets it work."""
        ours = ours or self.live_app(settings_for(self.database_url))
        shop = open_shop(at=clock.now())
        html = PAGE.format(
            ours=ours,
            key=publishable_key(shop),
            attributes=attributes,
            schemes=schemes,
            kind=kind,
            styles=f'<style nonce="host">{HOSTILE}</style>' if hostile else "",
        )
        policy = f"default-src 'none'; script-src {ours}; connect-src {ours}; img-src 'self'"
        policy += "; require-trusted-types-for 'script'; style-src 'nonce-host'; base-uri 'none'"
        url = self.host_page(html, policy)
        speak_from(shop, url)
        self.contexts.append(self.browser.new_context(**context))  # type: ignore[arg-type]
        visit = Visit(self.contexts[-1].new_page(), url, ours, shop)
        visit.page.on("console", lambda said: visit.complaints.append(said.text))
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.page.on("request", lambda one: _keep_signup(visit.sent, one))
        return visit


@pytest.fixture
def database_url() -> Iterator[str]:
    """A database of its own; what a browser sees does not depend on its kind."""
    url = cloned_database("sqlite", migrate=migrate)
    yield url
    drop_database(url)


@pytest.fixture
def stage(
    chromium: Browser, live_app: LiveApp, host_page: HostPage, app: Flask, database_url: str
) -> Iterator[Stage]:
    """Everything a visit needs, on one database."""
    stage = Stage(chromium, live_app, host_page, database_url)
    yield stage
    for context in stage.contexts:
        context.close()


def test_bob_signs_up_by_click_and_gets_his_own_link(stage: Stage):
    visit = stage.visit().come_through_alice()
    page = visit.page
    expect(page.get_by_role("heading", name="Alice invited you to Corner Coffee")).to_be_visible()
    expect(page.get_by_text("20% off your first order")).to_be_visible()

    page.get_by_label("Your email").fill("bob@mail.example")
    page.get_by_label("Your name").fill("Bob")
    page.get_by_role("button", name="Sign up", exact=True).click()

    expect(page.get_by_role("heading", name="You are signed up")).to_be_focused()
    link = page.get_by_label("Your own link").input_value()
    assert link.startswith(f"{visit.ours}/r/")
    assert read_qr(page.get_by_role("img", name="QR code of your link").screenshot()) == link
    assert visit.signups == 1
    assert visit.complaints == []


def test_enter_sends_the_form(stage: Stage):
    visit = stage.visit(hostile=False).open()

    visit.page.get_by_label("Your email").fill("bob@mail.example")
    visit.page.keyboard.press("Enter")

    expect(visit.page.get_by_label("Your own link")).to_be_visible()
    assert visit.complaints == []


def test_the_script_may_be_a_module(stage: Stage):
    visit = stage.visit(kind='type="module"').open()

    expect(visit.page.get_by_role("heading", name="Sign up with Corner Coffee")).to_be_visible()
    assert visit.complaints == []


def test_a_double_click_sends_once(stage: Stage):
    visit = stage.visit().open()
    visit.page.get_by_label("Your email").fill("bob@mail.example")

    visit.page.get_by_role("button", name="Sign up", exact=True).dblclick()

    expect(visit.page.get_by_label("Your own link")).to_be_visible()
    assert len(visit.sent) == 1


def test_a_mistake_is_told_beside_its_field_and_nothing_is_sent(stage: Stage):
    visit = stage.visit().open()
    email = visit.page.get_by_label("Your email")

    email.fill("bob@")
    visit.page.keyboard.press("Enter")

    expect(email).to_be_focused()
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(email).to_have_accessible_description(
        "This is not a whole email address, such as bob@mail.example."
    )
    assert visit.sent == []

    email.fill("bob@mail.example")
    expect(email).to_have_attribute("aria-invalid", "false")


def test_what_the_server_refuses_is_told_beside_its_field(stage: Stage):
    visit = stage.visit().open()
    email = visit.page.get_by_label("Your email")
    email.fill("bob@mail..example")
    email.evaluate("input => { input.type = 'text' }")

    visit.page.keyboard.press("Enter")

    expect(email).to_be_focused()
    expect(email).to_have_accessible_description("Give one email address such as bob@mail.example.")
    assert visit.signups == 0


def test_a_code_shows_who_invited_and_a_wrong_one_is_not_sent(stage: Stage):
    visit = stage.visit().open()
    page = visit.page
    link = visit.shop.link_of(visit.shop.customer("alice"))
    page.get_by_text("I have a code").click()
    page.get_by_label("Your email").fill("bob@mail.example")
    code = page.get_by_role("textbox", name="Code")

    code.fill("NOTACODE")
    page.keyboard.press("Enter")

    expect(code).to_be_focused()
    expect(page.get_by_text("We do not know this code.")).to_be_visible()
    assert visit.sent == []

    code.fill(link.spoken_code)
    code.blur()
    expect(page.get_by_role("heading", name="Alice invited you to Corner Coffee")).to_be_visible()
    code.press("Enter")
    expect(page.get_by_label("Your own link")).to_be_visible()


def test_the_code_of_an_attribute_opens_its_field(stage: Stage):
    visit = stage.visit(attributes='code="WRONG"').open()

    expect(visit.page.get_by_role("textbox", name="Code")).to_have_value("WRONG")
    expect(visit.page.get_by_text("We do not know this code.")).to_be_visible()


def test_the_page_is_told_what_happened(stage: Stage):
    visit = stage.visit()
    visit.page.add_init_script(
        "for (const name of ['ready', 'signed-up']) addEventListener("
        "`referral:${name}`, (event) => { (self.told ??= []).push([event.type, event.detail]) })"
    )
    visit.come_through_alice().page.get_by_label("Your email").fill("bob@mail.example")
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_label("Your own link")).to_be_visible()

    (_, ready), (_, done) = visit.page.evaluate("told")

    program = visit.shop.program.public_id
    assert ready == {"business": "Corner Coffee", "program": program, "invited": True}
    assert (done["invited"], done["program"]) == (True, program)
    assert done["link"]["url"] == visit.page.get_by_label("Your own link").input_value()


def test_the_token_survives_a_second_page_and_reaches_the_pages_own_forms(stage: Stage):
    visit = stage.visit()
    token = visit.shop.click(visit.shop.link_of(visit.shop.customer("alice")))
    visit.open(ref=token)

    visit.open(ref="newsletter")

    expect(visit.page.locator("#own input")).to_have_value(token)
    expect(visit.page.get_by_role("heading", name="Alice invited you")).to_be_visible()


def test_the_script_twice_on_a_page_is_as_good_as_once(stage: Stage):
    visit = stage.visit().open()

    visit.page.evaluate(
        """() => new Promise((done) => {
            const again = document.querySelector("script[data-key]").cloneNode();
            const copy = document.createElement("script");
            copy.onload = done;
            document.head.append(copy);
            const policy = trustedTypes.createPolicy("host", { createScriptURL: (url) => url });
            copy.src = policy.createScriptURL(again.src);
        })"""
    )

    expect(visit.page.locator("referral-signup form[novalidate]")).to_have_count(1)
    assert visit.complaints == []


def test_when_we_are_down_the_page_goes_on_by_itself(stage: Stage):
    visit = stage.visit(hostile=False)
    visit.page.route("**/widget/v1/**", lambda route: route.abort())
    visit.page.add_init_script("addEventListener('referral:unavailable', () => { away = true })")

    visit.open()

    expect(visit.page.get_by_role("link", name="Sign up with us")).to_be_visible()
    expect(visit.page.get_by_role("button", name="Sign up", exact=True)).to_be_hidden()
    expect(visit.page.get_by_text("You can go on below").first).to_be_visible()
    assert visit.page.evaluate("away") is True


def test_without_our_script_the_page_shows_its_own_form(stage: Stage):
    visit = stage.visit(hostile=False)
    visit.page.route("**/widget/v1.js", lambda route: route.abort())

    visit.open()

    expect(visit.page.get_by_role("link", name="Sign up with us")).to_be_visible()


def test_a_signup_that_gets_no_answer_keeps_what_was_typed(stage: Stage):
    visit = stage.visit(hostile=False).open()
    page = visit.page
    page.route("**/widget/v1/signups", lambda route: route.abort())
    page.get_by_label("Your email").fill("bob@mail.example")

    page.keyboard.press("Enter")

    retry = page.get_by_role("button", name="Try again")
    expect(retry).to_be_focused()
    page.unroute("**/widget/v1/signups")
    retry.click()
    expect(page.get_by_label("Your own link")).to_be_visible()
    expect(page.get_by_role("link", name="Sign up with us")).to_be_hidden()


def test_a_server_that_says_nothing_is_given_up_after_eight_seconds(stage: Stage):
    quiet = threading.Event()

    def silent(environ, start_response):
        if environ["PATH_INFO"] == "/widget/v1.js":
            start_response("200 OK", [("Content-Type", "text/javascript")])
            return [SOURCE.read_bytes()]
        quiet.wait(20)
        start_response("204 No Content", [])
        return []

    with served(silent) as ours:
        visit = stage.visit(hostile=False, ours=ours)
        visit.page.clock.install()
        visit.page.goto(visit.url)
        own = visit.page.get_by_role("link", name="Sign up with us")
        visit.page.locator("referral-signup form[novalidate]").wait_for()
        visit.page.clock.run_for(3000)
        expect(own).to_be_hidden()

        visit.page.clock.run_for(5000)

        expect(own).to_be_visible()
        quiet.set()


def test_copying_the_link_says_so(stage: Stage):
    visit = stage.visit(permissions=["clipboard-read", "clipboard-write"]).open()
    visit.page.get_by_label("Your email").fill("bob@mail.example")
    visit.page.keyboard.press("Enter")

    visit.page.get_by_role("button", name="Copy link").click()

    expect(visit.page.get_by_role("status")).to_have_text("Copied")
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert copied == visit.page.get_by_label("Your own link").input_value()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nobody_is_shut_out(stage: Stage, colours: str, width: int):
    visit = stage.visit(
        hostile=False, color_scheme=colours, viewport={"width": width, "height": 800}
    ).come_through_alice()
    page = visit.page
    expect(page.get_by_role("heading", name="Alice invited you")).to_be_visible()
    assert_accessible(page)

    page.get_by_text("I have a code").click()
    page.get_by_role("textbox", name="Code").fill("NOTACODE")
    page.get_by_label("Your email").fill("bob@")
    page.keyboard.press("Enter")
    assert_accessible(page)

    page.get_by_role("textbox", name="Code").fill("")
    page.get_by_label("Your email").fill("bob@mail.example")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your own link")).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize(
    ("schemes", "attributes", "shown"),
    [
        ("light dark", "", "rgb(33, 27, 32)"),
        ("light dark", 'theme="light"', "rgb(255, 255, 255)"),
        ("light", "", "rgb(255, 255, 255)"),
        ("light", 'theme="dark"', "rgb(33, 27, 32)"),
    ],
)
def test_the_colours_are_those_of_the_page_unless_it_says_so(
    stage: Stage, schemes: str, attributes: str, shown: str
):
    visit = stage.visit(
        hostile=False, schemes=schemes, attributes=attributes, color_scheme="dark"
    ).open()

    box = visit.page.locator("referral-signup .box")

    expect(box).to_have_css("background-color", shown)


def assert_accessible(page: Page) -> None:
    """Let axe look at the form, and see that nothing sticks out sideways."""
    found = Axe().run(page, context="referral-signup", options={"runOnly": STANDARDS})
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0


def read_qr(picture: bytes) -> str:
    """Read a QR code as a telephone would."""
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    return str(found.text)


def _keep_signup(kept: list[Request], one: Request) -> None:
    if one.url.endswith("/signups") and one.method == "POST":
        kept.append(one)
