"""Who may not: signed out, charlie of another person or business, and bad input."""

import re

import pytest

from referral.foundation import clock
from referral.surfaces.portal.door import safe_next
from tests.cast import open_shop
from tests.portal.visiting import World, csrf_of

ALICE = "alice@mail.example"
BEHIND_THE_DOOR = ("", "/friends", "/rewards", "/rewards/rwd_x", "/account", "/qr/x")
SAFE = ("/portal/shop", "/portal/shop/friends", "/portal/shop/friends?after=ref_1&x=%2F%2Fe")
EVIL = (
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "\\/\\/evil.example",
    "/\\/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https://evil.example",
    "https:///evil.example",
    "http://localhost@evil.example",
    "http://evil.example/portal/shop",
    "//evil.example/portal/shop",
    "///portal/shop",
    "/portal/shop@evil.example",
    "/portal/shop\\@evil.example",
    "/portal/shop//evil.example",
    "/portal/shop/../../evil",
    "/portal/shop/%2e%2e/..//evil",
    "/portal/shopkeeper",
    "/portal/other",
    "/%09/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/portal/shop\n//evil.example",
    "/portal/shop\r\nLocation: x",
    "/portal/shop\x00",
    "/portal/shop\u2028",
    "/portal/shop\u202e/x",
    "/portal/shop\u00ad/x",
    "/portal/shop\uff0f",
    "//evil\u3002example",
    "\uff0f\uff0fevil.example",
    "\u2215\u2215evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "javascript://portal/shop",
    "data:text/html,x",
    "vbscript:x",
    "mailto:x@evil.example",
    "file:///etc/passwd",
    "blob:x",
    "?next=//evil.example",
    "#//evil.example",
    "portal/shop",
    "./portal/shop",
    "@evil.example",
    "user:pass@evil.example",
    ":80",
    "/:80",
    "//[::1]/portal/shop",
    "http://[::1",
    "//[",
    "/console",
    "/",
    "",
    "x" * 600,
    "/portal/shop/" + "x" * 600,
)


@pytest.mark.parametrize("path", BEHIND_THE_DOOR)
def test_signed_out_leads_to_signing_in_and_back(world: World, path: str):
    slug = world.shop.business.slug
    answer = world.visitor().get(path)

    assert answer.status_code == 303
    back = f"?next=/portal/{slug}{path}" if path else ""
    assert answer.location == f"/portal/{slug}/sign-in{back}"


def test_after_signing_in_the_page_asked_for_comes(world: World):
    alice = world.visitor()
    asked = alice.get("/rewards")
    back = f"/portal/{alice.slug}/rewards"
    assert f'name="next" value="{back}"' in alice.open_link(asked.location).text

    alice.ask(ALICE, next=back)

    assert alice.type_code(world.mail(ALICE)["code"]).location == back


def test_a_foreign_address_is_never_gone_to(world: World):
    alice = world.visitor()
    alice.ask(ALICE, next="https://evil.example/")

    assert alice.type_code(world.mail(ALICE)["code"]).location == f"/portal/{alice.slug}"


@pytest.mark.parametrize("text", EVIL)
def test_only_pages_of_this_portal_are_returned_to(text: str, portal_request: None):
    assert safe_next(text, "shop") == "/portal/shop"


@pytest.mark.parametrize("text", SAFE)
def test_pages_of_this_portal_are_returned_to(text: str, portal_request: None):
    assert safe_next(text, "shop") == text


def test_charlie_sees_nothing_of_alice(world: World):
    with world.at_work():
        shop = world.shop
        link = shop.link_of(shop.customer("alice", full_name="Alice Sommer"))
        shop.signup("bob", token=shop.click(link))
        shop.purchase("bob")
        shop.customer("charlie")
    alice, charlie = world.signed_in(ALICE), world.signed_in("charlie@mail.example")
    reward = re.search(r"/rewards/(rwd_\w+)", alice.get("/rewards").text)
    assert reward is not None

    answers = [charlie.get(f"/rewards/{reward[1]}"), charlie.get(f"/qr/{link.code}")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert alice.get(f"/rewards/{reward[1]}").status_code == 200
    assert "Bob" not in charlie.get().text + charlie.get("/friends").text


def test_charlies_cursor_into_alices_friends_is_refused(world: World):
    with world.at_work():
        shop = world.shop
        link = shop.link_of(shop.customer("alice", full_name="Alice Sommer"))
        referral = shop.signup("bob", token=shop.click(link)).referral
        shop.customer("charlie")
    assert referral is not None

    answer = world.signed_in("charlie@mail.example").get("/friends", after=referral.public_id)

    assert answer.status_code == 404


def test_a_session_of_one_business_opens_no_other(world: World):
    with world.at_work():
        other = open_shop("Other Shop", at=clock.now())
        other.link_of(other.customer("alice"))
    alice = world.signed_in(ALICE)

    elsewhere = alice.client.get(f"/portal/{other.business.slug}")

    assert elsewhere.status_code == 303
    assert elsewhere.location == f"/portal/{other.business.slug}/sign-in"


def test_a_challenge_of_one_business_opens_no_other(world: World):
    with world.at_work():
        other = open_shop("Other Shop", at=clock.now())
        other.customer("alice")
    alice = world.visitor()
    alice.ask(ALICE)
    said = world.mail(ALICE)
    there = world.visitor(other.business.slug)
    there.client.set_cookie("asking", alice.client.get_cookie("asking").value)

    link = said["link"].replace(alice.slug, other.business.slug)
    answers = [
        there.open_link(link),
        there.post("/sign-in/code", "/sign-in", code=said["code"]),
        there.post("/sign-in/link", "/sign-in", link=link.rpartition("/")[2]),
    ]

    assert [answer.status_code for answer in answers] == [410, 303, 410]
    assert not there.is_signed_in()


@pytest.mark.parametrize("path", ["", "/sign-in", "/sign-in/code", "/join", "/rewards"])
def test_an_unknown_business_is_not_here(world: World, path: str):
    assert world.visitor("no-such-shop").get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/rewards/rwd_x", "/rewards/x", "/qr/ZZZZZZZZZZ", "/friends?after=x", "/rewards?after=x"],
)
def test_what_does_not_exist_is_not_found(world: World, path: str):
    alice = world.signed_in(ALICE)

    assert alice.client.get(f"/portal/{alice.slug}{path}").status_code == 404


def test_an_unknown_program_falls_back_to_the_first(world: World):
    assert world.signed_in(ALICE).get(program="prg_x").status_code == 200


@pytest.mark.parametrize("path", ["/sign-out", "/sign-out/everywhere"])
def test_signing_out_needs_the_forms_token(world: World, path: str):
    alice = world.signed_in(ALICE)

    assert alice.client.post(f"/portal/{alice.slug}{path}").status_code == 400
    assert alice.is_signed_in()


def test_signing_out_everywhere_ends_every_browser_of_alice_only(world: World):
    with world.at_work():
        world.shop.customer("dora")
    phone, laptop = world.signed_in(ALICE), world.signed_in(ALICE)
    dora = world.signed_in("dora@mail.example")
    assert phone.get("/account").text.count("Firefox on Linux") == 2

    answer = phone.post("/sign-out/everywhere", "/account")

    assert answer.location == f"/portal/{phone.slug}/sign-in"
    assert not phone.is_signed_in()
    assert not laptop.is_signed_in()
    assert dora.is_signed_in()


def test_signing_out_here_leaves_the_other_browser(world: World):
    phone, laptop = world.signed_in(ALICE), world.signed_in(ALICE)

    phone.post("/sign-out", "/account")

    assert not phone.is_signed_in()
    assert laptop.is_signed_in()


def test_a_person_cannot_post_from_another_session(world: World):
    alice, mallory = world.signed_in(ALICE), world.visitor()
    token = csrf_of(mallory.get("/sign-in").text)

    answer = alice.client.post(f"/portal/{alice.slug}/sign-out", data={"csrf_token": token})

    assert answer.status_code == 400
    assert alice.is_signed_in()


def test_a_form_left_open_after_signing_out_leads_to_signing_in(world: World):
    alice = world.signed_in(ALICE)
    left_open = csrf_of(alice.get("/account").text)
    alice.post("/sign-out", "/account")

    answer = alice.client.post(
        f"/portal/{alice.slug}/sign-out/everywhere", data={"csrf_token": left_open}
    )

    assert (answer.status_code, answer.location) == (303, f"/portal/{alice.slug}/sign-in")
    assert "You were signed out, nothing was changed." in alice.get("/sign-in").text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/friends", 405), ("POST", "/sign-in", 400)],
)
def test_bad_news_keeps_the_name_of_the_shop_and_the_way_to_its_portal(
    world: World, method: str, path: str, status: int
):
    visitor = world.visitor()

    answer = visitor.client.open(f"/portal/{visitor.slug}{path}", method=method)

    assert answer.status_code == status
    assert f"· {world.shop.business.name}</title>" in answer.text
    assert f'class="btn btn-primary" href="/portal/{visitor.slug}"' in answer.text
    assert 'href="/"' not in answer.text


@pytest.mark.parametrize("path", ["/sign-out", "/sign-out/everywhere"])
def test_the_address_of_a_form_leads_back_to_the_portal_when_reloaded(world: World, path: str):
    visitor = world.visitor()

    answer = visitor.get(path)

    assert (answer.status_code, answer.location) == (303, f"/portal/{visitor.slug}")


@pytest.mark.parametrize("path", ["/portal/no-such-shop/x", "/portal/%00/x", "/portal", "/qr/x/y"])
def test_bad_news_of_nobody_in_particular_leads_nobody_to_the_console(world: World, path: str):
    answer = world.visitor().client.get(path)

    assert answer.status_code == 404
    assert 'href="/"' not in answer.text
    assert "/console" not in answer.text
