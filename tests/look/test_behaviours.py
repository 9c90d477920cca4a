"""What the small scripts do, in a real browser, under the real content policy."""

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser


def test_copying_a_link_copies_and_says_so(page: Page):
    page.get_by_role("button", name="Copy link").click()

    expect(page.locator("#spoken")).to_have_text("Copied")
    link = page.get_by_label("Your link").input_value()
    assert page.evaluate("navigator.clipboard.readText()") == link


def test_a_question_is_asked_before_the_act(page: Page):
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    pause = page.get_by_role("button", name="Pause")

    pause.click()
    page.get_by_role("button", name="Go back").click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(pause).to_be_focused()
    assert "POST" not in sent


def test_saying_yes_sends_the_form(page: Page):
    page.route("**/*", lambda route: route.fulfill(body="sent", content_type="text/html"))
    page.get_by_role("button", name="Pause").click()

    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("dialog").get_by_role("button", name="Pause").click()

    assert "csrf_token=" in (sent.value.post_data or "")


def test_one_box_chooses_every_row(page: Page):
    approve = page.get_by_role("button", name="Approve")
    expect(approve).to_be_disabled()

    page.get_by_label("Choose all rewards").check()

    expect(page.locator("[data-select-count]")).to_have_text("6 chosen")
    expect(approve).to_be_enabled()


def test_the_qr_fills_the_screen_and_escape_puts_it_away(page: Page):
    page.get_by_role("button", name="Hold up").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()

    page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()


def test_a_code_keeps_its_digits_and_sends_itself(page: Page):
    page.route("**/*", lambda route: route.fulfill(body="sent", content_type="text/html"))
    page.evaluate("document.querySelector('#f-code').form.noValidate = true")

    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_label("Code from the mail").fill("123 456 ")

    assert "code=123456" in (sent.value.post_data or "")


def test_the_choice_of_colours_is_remembered(page: Page):
    page.get_by_role("button", name="Dark colours").click()
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_a_message_can_be_put_away(page: Page):
    messages = page.locator(".flashes .note")
    expect(messages).to_have_count(1)

    messages.get_by_role("button", name="Dismiss").click()

    expect(messages).to_have_count(0)


def test_without_script_the_menu_opens_and_nothing_dead_is_shown(chromium: Browser, address: str):
    context = chromium.new_context(
        java_script_enabled=False, viewport={"width": 390, "height": 800}
    )
    page = context.new_page()
    page.goto(address)

    page.get_by_role("button", name="Menu").click()

    expect(page.get_by_role("navigation", name="Console")).to_be_visible()
    expect(page.get_by_role("button", name="Copy link")).to_be_hidden()
    context.close()
