"""Programs in the console: made, edited as versions, paused, closed, and given a budget."""

import re

import pytest
from sqlalchemy import select

from referral.domain.businesses import within
from referral.domain.businesses.audit import AuditEntry
from referral.domain.programs import Offer, Program
from referral.foundation.db import session
from tests.cast import open_shop
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post

NEW = "/console/programs/new"
TYPED = {
    "name": "Winter",
    "landing_url": "https://winter.shop.example/hello",
    "touch_rule": "last",
    "approval": "staff",
    "hold_days": "14",
    "click_window_days": "60",
    "qualify_window_days": "90",
    "advocate_kind": "account_credit",
    "advocate_worth": "12.5%",
    "advocate_trigger": "purchase",
    "advocate_cap": "20,00",
    "advocate_person_cap": "100",
    "advocate_minimum": "",
    "friend_kind": "discount",
    "friend_worth": "5.00",
    "friend_trigger": "signup",
    "budget": "1000.50",
}


def winter(desk: Desk) -> Program:
    """Return the program made by the form above."""
    with within(desk.shop.business.id):
        return session.scalars(select(Program).where(Program.name == "Winter")).one()


def offers(desk: Desk, program: Program) -> list[Offer]:
    with within(desk.shop.business.id):
        query = select(Offer).where(Offer.program_id == program.id).order_by(Offer.id)
        return list(session.scalars(query))


def actions(desk: Desk) -> list[str]:
    with within(desk.shop.business.id):
        query = select(AuditEntry).order_by(AuditEntry.number)
        return [entry.action for entry in session.scalars(query)][1:]


def test_a_program_is_made_with_its_offers(desk: Desk) -> None:
    answer = post(desk.client, NEW, NEW, **TYPED)
    made = winter(desk)
    assert answer.location == f"/console/programs/{made.public_id}"
    assert (made.hold_days, made.touch_rule, made.approval) == (14, "last", "staff")
    assert (made.budget_minor, made.currency) == (100050, "eur")
    advocate, friend = offers(desk, made)
    assert (advocate.rate_bp, advocate.cap_minor, advocate.person_cap_minor) == (1250, 2000, 10000)
    assert (advocate.trigger, advocate.minimum_minor, advocate.hold_days) == ("purchase", 0, 14)
    assert (friend.kind, friend.amount_minor, friend.trigger) == ("discount", 500, "signup")
    text = check_page(desk.client.get(answer.location))
    assert "12.5% of every purchase by each friend as credit on their next bill" in text
    assert actions(desk) == ["program.created"]


def test_a_program_may_be_in_another_currency_than_the_business(desk: Desk) -> None:
    asked = f"{NEW}?currency=JPY"
    text = check_page(desk.client.get(asked))
    assert "Its offers, limits and rewards are in it, for good." in text
    typed = {**TYPED, "advocate_cap": "2000", "friend_worth": "500", "budget": "100050"}
    answer = post(desk.client, asked, NEW, **typed, currency="jpy")
    made = winter(desk)
    assert (made.currency, made.budget_minor) == ("jpy", 100050)
    assert [(one.currency, one.cap_minor, one.amount_minor) for one in offers(desk, made)] == [
        ("jpy", 2000, None),
        ("jpy", None, 500),
    ]
    budget = f"{answer.location}/budget"
    post(desk.client, budget, budget, budget="200000")
    record = check_page(desk.client.get("/console/audit"))
    assert re.search(r"Budget: \S*100,050 → \S*200,000", record), record


@pytest.mark.parametrize("typed", ["euro", "zzz", "€"])
def test_a_currency_that_is_none_is_refused_on_the_form(desk: Desk, typed: str) -> None:
    for answer in (
        desk.client.get(NEW, query_string={"currency": typed}),
        post(desk.client, NEW, NEW, **TYPED, currency=typed),
    ):
        assert "Use an ISO 4217 code such as EUR." in check_page(answer, 422)
    assert actions(desk) == []


def test_a_form_sent_twice_makes_one_program(desk: Desk) -> None:
    once = re.search(r'name="once" value="([^"]+)"', desk.client.get(NEW).text)[1]
    answers = [post(desk.client, NEW, NEW, **TYPED, once=once) for _ in range(2)]
    made = f"/console/programs/{winter(desk).public_id}"
    assert [(one.status_code, one.location) for one in answers] == [(303, made)] * 2
    assert "made this program already" in check_page(desk.client.get(made))
    assert actions(desk) == ["program.created"]
    assert len(offers(desk, winter(desk))) == 2


def test_a_form_that_was_refused_keeps_its_id_for_the_next_try(desk: Desk) -> None:
    once = re.search(r'name="once" value="([^"]+)"', desk.client.get(NEW).text)[1]
    refused = post(desk.client, NEW, NEW, **{**TYPED, "name": ""}, once=once)
    assert f'name="once" value="{once}"' in check_page(refused, 422)


def test_the_id_of_another_business_makes_nothing_here(desk: Desk) -> None:
    other = open_shop("Other Oven")
    answer = post(desk.client, NEW, NEW, **TYPED, once=str(other.program.id))
    assert answer.status_code == 404
    assert actions(desk) == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"landing_url": "javascript:alert(1)"}, "landing_url"),
        ({"landing_url": ""}, "landing_url"),
        ({"landing_url": "https://shop.example/\x00"}, "landing_url"),
        ({"hold_days": "-1"}, "hold_days"),
        ({"hold_days": "366"}, "hold_days"),
        ({"click_window_days": "0"}, "click_window_days"),
        ({"qualify_window_days": "ten"}, "qualify_window_days"),
        ({"touch_rule": "random"}, "touch_rule"),
        ({"advocate_worth": ""}, "advocate_worth"),
        ({"advocate_worth": "0"}, "advocate_worth"),
        ({"advocate_worth": "10.005"}, "advocate_worth"),
        ({"advocate_worth": "100.01%"}, "advocate_worth"),
        ({"advocate_worth": "10%", "advocate_trigger": "signup"}, "advocate_worth"),
        ({"advocate_cap": "free"}, "advocate_cap"),
        ({"advocate_person_cap": "0"}, "advocate_person_cap"),
        ({"friend_kind": "gold"}, "friend_kind"),
        ({"friend_kind": "nothing", "advocate_kind": "nothing"}, "advocate_kind"),
        ({"budget": "-5"}, "budget"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field_and_nothing_is_made(
    desk: Desk, changed: dict[str, str], field: str
) -> None:
    text = check_page(post(desk.client, NEW, NEW, **TYPED | changed), 422)
    assert f'id="e-{field}"' in text
    assert 'value="https://winter' in text or field == "landing_url"
    with within(desk.shop.business.id):
        assert session.query(Program).count() == 1
        assert session.query(Offer).count() == 2
    assert actions(desk) == []


def test_every_problem_is_said_at_once_and_names_its_field(desk: Desk) -> None:
    wrong = {
        "landing_url": "shop", "hold_days": "40000", "advocate_worth": "ten", "friend_worth": "ten",
        "advocate_cap": "", "friend_cap": "", "budget": "10000000000000.01",
    }  # fmt: skip
    text = check_page(post(desk.client, NEW, NEW, **TYPED | wrong), 422)
    links = re.findall(r'<li><a href="#f-([a-z_]+)">', text)
    assert links == [name for name in TYPED if name in links]
    for said in (
        "Landing page: Give a full address such as https://shop.example/.",
        "Hold: Between 0 and 365 days.",
        "How much the advocate gets: Write an amount such as 12.50.",
        "How much the friend gets: Write an amount such as 12.50.",
        "Budget: At most €10,000,000,000,000.00.",
    ):
        assert f">{said}</a>" in text
    beside = set(re.findall(r'id="e-([a-z_]+)"', text))
    assert beside == {"landing_url", "hold_days", "advocate_worth", "friend_worth", "budget"}


def test_a_program_that_rewards_nobody_is_refused(desk: Desk) -> None:
    typed = TYPED | {"friend_kind": "nothing", "advocate_kind": "nothing"}
    text = check_page(post(desk.client, NEW, NEW, **typed), 422)
    assert "Choose a reward for at least one side." in text
    assert actions(desk) == []


def test_one_side_may_get_nothing(desk: Desk) -> None:
    post(desk.client, NEW, NEW, **TYPED | {"friend_kind": "nothing", "friend_worth": ""})
    assert [offer.side for offer in offers(desk, winter(desk))] == ["advocate"]


def test_an_edit_holds_from_now_on_and_is_written_down(desk: Desk) -> None:
    path = f"/console/programs/{desk.shop.program.public_id}"
    check_page(desk.client.get(f"{path}/edit"))
    answer = post(desk.client, f"{path}/edit", f"{path}/edit", **TYPED)
    assert answer.location == path
    assert winter(desk).id == desk.shop.program.id
    with within(desk.shop.business.id):
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.number.desc())).first()
    assert entry.details["hold_days"] == ["30", "14"]
    assert "30 → 14" in desk.client.get("/console/audit").text
    wrong = post(desk.client, f"{path}/edit", **TYPED | {"name": ""})
    check_page(wrong, 422)


def test_an_edit_that_did_not_see_anothers_is_not_saved_at_first(desk: Desk) -> None:
    path = f"/console/programs/{desk.shop.program.public_id}"
    first = seen_in(desk.client.get(f"{path}/edit").text)
    typed = TYPED | {"seen": first}
    assert post(desk.client, f"{path}/edit", f"{path}/edit", **typed).status_code == 303
    typed |= {"hold_days": "30", "day_cap": "50"}
    answer = post(desk.client, f"{path}/edit", f"{path}/edit", **typed)
    text = check_page(answer, 409)
    assert "Somebody changed this program while you had it open" in text
    assert 'value="50"' in text
    assert winter(desk).hold_days == 14
    typed["seen"] = seen_in(text)
    assert post(desk.client, f"{path}/edit", f"{path}/edit", **typed).status_code == 303
    assert (winter(desk).hold_days, winter(desk).day_cap_minor) == (30, 5000)


def test_an_offer_is_not_published_over_one_its_form_never_saw(desk: Desk) -> None:
    path = f"/console/programs/{desk.shop.program.public_id}/offers/advocate"
    typed = {
        "advocate_kind": "account_credit",
        "advocate_trigger": "first_purchase",
        "seen": seen_in(desk.client.get(path).text),
    }
    assert post(desk.client, path, path, **typed, advocate_worth="11").status_code == 303
    again = post(desk.client, path, path, **typed, advocate_worth="11")
    assert again.status_code == 303
    answer = post(desk.client, path, path, **typed, advocate_worth="12")
    text = check_page(answer, 409)
    assert "Somebody changed this offer while you had it open" in text
    assert "€11.00 credit" in text
    assert 'value="12"' in text
    assert [one.amount_minor for one in offers(desk, desk.shop.program)[2:]] == [1100]
    wrong = post(desk.client, path, path, **typed, advocate_worth="-1")
    assert seen_in(check_page(wrong, 422)) == typed["seen"]
    typed["seen"] = seen_in(text)
    assert post(desk.client, path, path, **typed, advocate_worth="12").status_code == 303
    assert [one.amount_minor for one in offers(desk, desk.shop.program)[2:]] == [1100, 1200]
    assert actions(desk) == ["offer.published"] * 2


def test_a_budget_is_not_set_over_one_its_form_never_saw(desk: Desk) -> None:
    path = f"/console/programs/{desk.shop.program.public_id}/budget"
    first = seen_in(desk.client.get(path).text)
    for _ in range(2):
        answer = post(desk.client, path, path, budget="1000", seen=first)
        assert answer.status_code == 303
    text = check_page(post(desk.client, path, path, budget="50", seen=first), 409)
    assert "Somebody changed this budget while you had it open" in text
    assert "Now: €1,000.00." in text
    assert 'value="50"' in text
    assert desk.shop.program.budget_minor == 100_000
    wrong = post(desk.client, path, path, budget="some", seen=first)
    assert seen_in(check_page(wrong, 422)) == first
    assert post(desk.client, path, path, budget="50", seen=seen_in(text)).status_code == 303
    assert desk.shop.program.budget_minor == 5000
    assert actions(desk) == ["budget.set"] * 2


def seen_in(text: str) -> str:
    found = re.search('name="seen" value="([0-9a-f]+)"', text)
    assert found is not None
    return found[1]


def test_a_new_offer_is_a_new_version_beside_the_old(desk: Desk) -> None:
    path = f"/console/programs/{desk.shop.program.public_id}"
    assert 'value="10.00"' in check_page(desk.client.get(f"{path}/offers/advocate"))
    typed = {
        "advocate_kind": "account_credit",
        "advocate_worth": "15",
        "advocate_trigger": "first_purchase",
    }
    assert post(desk.client, f"{path}/offers/advocate", **typed).location == path
    mine = [one for one in offers(desk, desk.shop.program) if one.side == "advocate"]
    assert [(one.version, one.amount_minor) for one in mine] == [(1, 1000), (2, 1500)]
    text = check_page(desk.client.get(path))
    assert "€10.00 credit" in text
    assert "€15.00 credit" in text
    wrong = post(desk.client, f"{path}/offers/advocate", **typed | {"advocate_worth": "-1"})
    check_page(wrong, 422)
    assert post(desk.client, f"{path}/offers/nobody", **typed).status_code == 404


def test_an_offer_that_has_not_changed_makes_no_new_version(desk: Desk) -> None:
    path = f"/console/programs/{desk.shop.program.public_id}"
    typed = {
        "advocate_kind": "account_credit",
        "advocate_worth": "10",
        "advocate_trigger": "first_purchase",
    }
    before = offers(desk, desk.shop.program)
    assert post(desk.client, f"{path}/offers/advocate", **typed).location == path
    assert "Nothing has changed, so version 1 stays" in check_page(desk.client.get(path))
    assert (offers(desk, desk.shop.program), actions(desk)) == (before, [])
    post(desk.client, f"{path}/offers/advocate", **typed, advocate_minimum="20")
    assert "Version 2 holds for everybody" in check_page(desk.client.get(path))
    assert actions(desk) == ["offer.published"]


def test_a_discount_with_a_cap_is_refused_and_stays_as_it_was_typed(desk: Desk) -> None:
    path = f"/console/programs/{desk.shop.program.public_id}/offers/advocate"
    typed = {"kind": "discount", "worth": "17.5%", "trigger": "first_purchase", "cap": "20"}
    sent = {f"advocate_{name}": value for name, value in typed.items()}
    text = check_page(post(desk.client, path, path, **sent), 422)
    assert 'id="e-advocate_cap"' in text
    assert 'id="e-advocate_discount_days"' not in text
    assert '<option value="first_purchase" selected' in text
    assert 'value="17.5%"' in text
    assert len(offers(desk, desk.shop.program)) == 2
    answer = post(desk.client, path, path, **sent | {"advocate_cap": ""})
    assert answer.status_code == 303
    newest = offers(desk, desk.shop.program)[-1]
    assert (newest.kind, newest.trigger, newest.rate_bp) == ("discount", "first_purchase", 1750)


def test_a_program_is_paused_resumed_and_closed_for_good(desk: Desk) -> None:
    path = f"/console/programs/{desk.shop.program.public_id}"
    for state in ("paused", "active", "closed"):
        assert post(desk.client, f"{path}/state", path, state=state).location == path
        assert desk.shop.program.state == state
        check_page(desk.client.get(path))
    check_page(post(desk.client, f"{path}/state", state="gone"), 422)
    typed = {"advocate_kind": "account_credit", "advocate_worth": "15"}
    typed |= {"advocate_trigger": "first_purchase"}
    for act, sent in (("state", {"state": "active"}), ("offers/advocate", typed), ("edit", TYPED)):
        text = check_page(post(desk.client, f"{path}/{act}", **sent), 409)
        assert "This program has ended for good." in text
        assert "This has changed meanwhile" not in text
    assert actions(desk) == ["program.moved"] * 3


@pytest.mark.parametrize(("typed", "budget_minor"), [("250.5", 25050), ("0", 0), ("", None)])
def test_a_budget_is_set_or_lifted(desk: Desk, typed: str, budget_minor: int | None) -> None:
    path = f"/console/programs/{desk.shop.program.public_id}"
    assert post(desk.client, f"{path}/budget", f"{path}/budget", budget=typed).location == path
    assert desk.shop.program.budget_minor == budget_minor
    check_page(desk.client.get(path))
    check_page(desk.client.get("/console/programs"))
    check_page(post(desk.client, f"{path}/budget", budget="1,000"), 422)
    assert desk.shop.program.budget_minor == budget_minor


def test_who_approves_is_set_by_amount_and_shown(desk: Desk) -> None:
    program = desk.shop.program
    page = f"/console/programs/{program.public_id}/edit"
    typed = {**TYPED, "approval": "automatic", "automatic_below": "20", "second_person_from": "100"}
    refused = post(desk.client, page, page, **{**typed, "second_person_from": "19.99"})
    assert refused.status_code == 422
    assert "At least the amount a first person looks at." in refused.text
    post(desk.client, page, page, **typed)
    shown = check_page(desk.client.get(f"/console/programs/{program.public_id}"))
    assert "Automatic below €20.00" in shown
    assert "by two people" in shown
