"""What alice sees: her link, her friends by first name, her rewards with dates and reasons."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, connect_stripe, within
from referral.domain.programs import (
    Approval,
    Kind,
    ProgramState,
    Trigger,
    change_state,
    publish_rules,
)
from referral.domain.reports.gates import GateCode
from referral.domain.rewards import Grant, Reward, RewardState
from referral.domain.rewards.grants import Waiting
from referral.domain.rewards.ripening import ripen
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.surfaces.portal import gifts, reasoning
from referral.surfaces.web.reasons import REASONS, WAITING
from tests.cast import DAY, Shop, credit, open_shop
from tests.portal.visiting import Visitor, World, heading_of, words_of

ALICE = "alice@mail.example"
OLIVE = Actor("operator", "Olive Park")
PAGES = ("", "/friends", "/rewards", "/account")


def sends(world: World, *names: str) -> None:
    """Let friends follow alice's link and sign up."""
    with world.at_work():
        link = world.shop.link_of(world.shop.customer("alice", full_name="Alice Sommer"))
        for name in names:
            world.shop.signup(name, token=world.shop.click(link))


def buys(world: World, name: str, **paid: int) -> None:
    with world.at_work():
        world.shop.purchase(name, **paid)


def alices_reward() -> Reward:
    query = select(Reward).where(Reward.side == "advocate").order_by(Reward.id.desc())
    found = session.scalars(query).first()
    assert found is not None
    return found


def decides(world: World, act: object, reason: str = "Said by staff.") -> None:
    with world.at_work(), within(world.shop.business.id), transaction():
        act(alices_reward(), actor=OLIVE, reason=reason, at=world.shop.now)  # type: ignore[operator]


def replaced(world: World, shop: Shop) -> None:
    """Give alice a link in another shop instead."""
    world.shop = shop
    shop.link_of(shop.customer("alice", full_name="Alice Sommer"))


def reward_url(alice: Visitor) -> str:
    found = re.search(r'href="(/portal/[^"]+/rewards/rwd_[^"]+)"', alice.get("/rewards").text)
    assert found is not None
    return found[1]


def test_the_offer_of_both_sides_is_said_before_the_link(world: World):
    page = words_of(world.signed_in(ALICE).get().text)

    friend = page.index("Your friend gets 20% off their first order.")
    alice = page.index(
        "You get €10.00 credit on your next bill after each friend's first purchase."
    )
    assert friend < page.index("Your link")
    assert alice < page.index("Your link")


def test_the_link_can_be_copied_shared_mailed_said_and_held_up(world: World):
    visitor = world.signed_in(ALICE)
    page = visitor.get().text
    with world.at_work():
        link = world.shop.link_of(world.shop.customer("alice"))

    assert f'value="http://localhost/r/{link.code}"' in page
    assert f'src="/q/{link.code}.svg"' in page
    assert f'data-copy="http://localhost/r/{link.code}"' in page
    assert link.spoken_code in page
    assert heading_of(visitor.get(f"/qr/{link.code}").text) == "Scan me"


def test_every_prepared_text_says_that_it_is_an_advertisement(world: World):
    page = world.signed_in(ALICE).get().text

    assert re.findall(r'data-text="(\(Ad\) [^"]+)"', page)
    assert re.findall(r'href="mailto:\?subject=%28Ad%29[^"]+body=%28Ad%29', page)


def test_somebody_without_a_link_gets_one_by_looking(world: World):
    with world.at_work():
        world.shop.customer("dora")
    visitor = world.signed_in("dora@mail.example")

    links = {re.search(r"/r/(\w+)", visitor.get().text)[1] for _ in range(2)}  # type: ignore[index]

    assert len(links) == 1


def test_nobody_yet_is_said_kindly(world: World):
    visitor = world.signed_in(ALICE)

    assert "Nobody yet" in visitor.get().text
    assert "Nobody yet" in visitor.get("/friends").text
    assert "Nothing yet" in visitor.get("/rewards").text


def test_a_friend_shows_a_first_name_a_step_and_what_is_next(world: World):
    sends(world, "bob")
    with world.at_work(), within(world.shop.business.id), transaction():
        from referral.domain.people import Person

        bob = session.scalars(select(Person).where(Person.email == "bob@mail.example")).one()
        bob.name = "Bob Secretname"

    pages = [world.signed_in(ALICE).get(path).text for path in ("", "/friends")]

    for page in pages:
        assert "You get €10.00 when Bob buys something by" in words_of(page)
        assert "Secretname" not in page
        assert "bob@mail.example" not in page
    assert "1 person came because of you." in words_of(pages[0])


def test_a_pending_reward_shows_its_amount_and_the_day_it_is_expected(world: World):
    sends(world, "bob")
    buys(world, "bob")
    visitor = world.signed_in(ALICE)
    due = (world.shop.now + timedelta(days=30)).date().isoformat()

    friends, rewards = visitor.get().text, visitor.get("/rewards").text
    reward = visitor.get(reward_url(visitor)).text

    for page in (friends, rewards, reward):
        assert f'<time datetime="{due}">' in page
        assert "€10.00" in page
        assert "until returns are no longer possible" in page
    assert "1 bought something." in words_of(friends)
    assert heading_of(reward) == "€10.00 · For sending Bob"


def test_a_refusal_by_staff_is_told_with_its_reason_and_without_a_name(world: World):
    sends(world, "bob")
    buys(world, "bob")
    decides(world, journey.deny_reward, "You live together.")
    visitor = world.signed_in(ALICE)

    for path in ("", "/rewards", reward_url(visitor)):
        page = visitor.get(path).text
        assert "You live together." in page
        assert "Olive" not in page


def test_a_hold_is_told_without_what_staff_wrote(world: World):
    sends(world, "bob")
    buys(world, "bob")
    decides(world, journey.hold_reward, "Looks like the same card.")
    visitor = world.signed_in(ALICE)

    for path in ("", "/rewards", reward_url(visitor)):
        page = visitor.get(path).text
        assert "Somebody is taking a closer look first." in page
        assert "same card" not in page


def test_a_refunded_purchase_says_so(world: World):
    sends(world, "bob")
    with world.at_work():
        world.shop.refund(world.shop.purchase("bob"), 12000)
    visitor = world.signed_in(ALICE)

    for path in ("", "/rewards", reward_url(visitor)):
        assert "The purchase was refunded." in visitor.get(path).text


def test_a_friend_who_did_not_buy_in_time_is_told_plainly(world: World):
    with world.at_work():
        replaced(world, open_shop("Short Window", at=world.shop.now, qualify_window_days=1))
        link = world.shop.link_of(world.shop.customer("alice"))
        world.shop.now -= timedelta(days=3)
        world.shop.signup("bob", token=world.shop.click(link))

    assert "Nothing that counts was bought by" in words_of(world.signed_in(ALICE).get().text)


def test_a_free_period_reads_as_time_wherever_alice_reads_it(world: World):
    with world.at_work():
        terms = replace(credit(900), kind=Kind.FREE_PERIOD, periods=2)
        replaced(world, open_shop("Free Time", at=world.shop.now, advocate=terms))
    sends(world, "bob")
    alice = world.signed_in(ALICE)
    assert "You get 2 free periods when Bob buys something by" in words_of(alice.get().text)
    buys(world, "bob")
    pages = [alice.get(path) for path in ("", "/friends", "/rewards")]
    for page in (*pages, alice.client.get(reward_url(alice))):
        assert "2 free periods" in words_of(page.text)
        assert "€9.00" not in page.text
    assert "On the way" not in words_of(pages[-1].text)


@pytest.mark.parametrize(
    ("hold_days", "said"),
    [
        (0, "A friend is counted as soon as they have bought something. Who is"),
        (14, "A friend is counted once that time is over and they have kept what they bought."),
    ],
)
def test_a_milestone_says_when_a_friend_counts(world: World, hold_days: int, said: str):
    with world.at_work():
        terms = credit(trigger=Trigger.MILESTONE, milestone_every=5)
        shop = open_shop("Five", at=world.shop.now, advocate=terms, hold_days=hold_days)
        replaced(world, shop)
    assert said in words_of(world.signed_in(ALICE).get().text)


def test_a_used_up_budget_is_said_before_sharing(world: World):
    with world.at_work():
        replaced(world, open_shop("Small Budget", at=world.shop.now, budget_minor=999))

    page = words_of(world.signed_in(ALICE).get().text)

    said = "This program has given all it could for now."
    assert page.index(said) < page.index("Your link")


def test_a_cap_is_counted_down_and_then_said_before_sharing(world: World):
    with world.at_work():
        offer = credit(1000, person_cap_minor=1500)
        replaced(world, open_shop("Capped", at=world.shop.now, advocate=offer))
    before = words_of(world.signed_in(ALICE).get().text)
    sends(world, "bob", "dora")
    buys(world, "bob")
    buys(world, "dora")

    page = words_of(world.signed_in(ALICE).get().text)

    assert "You can still get up to €15.00 here." in before
    assert "One more thank-you would pass what one person can get here, €15.00." in page
    assert "It would have been more than this program gives to one person." in page


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (ProgramState.PAUSED, "This program is paused."),
        (ProgramState.CLOSED, "This program has ended."),
    ],
)
def test_a_program_that_is_not_open_offers_nothing_to_share(
    world: World, state: ProgramState, said: str
):
    with world.at_work(), within(world.shop.business.id), transaction():
        change_state(session.merge(world.shop.program), state)

    page = world.signed_in(ALICE).get().text

    assert said in page
    assert "share-link" not in page


def test_the_friends_welcome_is_among_the_friends_rewards(world: World):
    sends(world, "bob")
    visitor = world.signed_in("bob@mail.example")

    assert "Your welcome" in visitor.get("/rewards").text
    assert heading_of(visitor.get(reward_url(visitor)).text) == "20% off · Your welcome"


def test_a_long_list_of_friends_comes_in_pages_and_each_once(world: World):
    names = [f"friend{number:02}" for number in range(23)]
    sends(world, *names)
    visitor = world.signed_in(ALICE)

    first = visitor.get("/friends").text
    after = re.search(r"after=(ref_\w+)", first)
    assert after is not None
    second = visitor.get("/friends", after=after[1]).text

    seen = [re.findall(r"Friend\d\d(?=</)", page) for page in (first, second)]
    assert [len(set(page)) for page in seen] == [20, 3]
    assert len(set(seen[0]) | set(seen[1])) == 23
    assert "See all 23" in visitor.get().text


def test_two_programs_are_shown_one_at_a_time(world: World):
    with world.at_work(), within(world.shop.business.id):
        second = another_program(world)
    visitor = world.signed_in(ALICE)

    newest, older = (visitor.get(program=one) for one in (second, world.shop.program.public_id))

    assert re.findall(r'aria-current="true">(\w+)<', newest.text) == ["Second"]
    assert re.findall(r'aria-current="true">(\w+)<', older.text) == ["Friends"]


def another_program(world: World) -> str:
    """Open a second program and return its public id."""
    from referral.domain.programs import ProgramTerms, create_program, publish_offer

    with transaction():
        terms = ProgramTerms(name="Second", landing_url="https://shop.example/second")
        program = create_program(world.shop.business, terms, at=world.shop.now)
        publish_offer(program, credit(500), at=world.shop.now)
    return program.public_id


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_kept_by_nobody(world: World, path: str):
    answer = world.signed_in(ALICE).get(path)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


def test_somebody_without_a_name_is_greeted_too(world: World):
    with world.at_work(), within(world.shop.business.id), transaction():
        from referral.domain.people import Identity, meet

        meet(world.shop.business.id, Identity.read(email="zoe@mail.example"), at=world.shop.now)

    assert heading_of(world.signed_in("zoe@mail.example").get().text) == "Hello, and welcome"


def test_a_reward_that_waits_for_a_last_look_names_no_past_day(world: World):
    with world.at_work():
        at = clock.now()
        replaced(
            world, open_shop("Staffed", at=at - 20 * DAY, hold_days=14, approval=Approval.STAFF)
        )
    sends(world, "bob")
    buys(world, "bob")
    with world.at_work(), within(world.shop.business.id), transaction():
        ripen(alices_reward(), at=at)
    alice = world.signed_in(ALICE)
    shown = [words_of(alice.get(path).text) for path in ("", "/rewards", reward_url(alice))]

    assert all("It waits for a last look by our team." in words for words in shown)
    assert not any("Expected on" in words for words in shown)
    assert "Expected when somebody has looked at it" in shown[2]


@pytest.mark.parametrize(("key", "is_practice"), [("sk_test_1", True), ("sk_live_1", False)])
def test_who_is_thanked_in_practice_is_told_so(world: World, key: str, is_practice: bool):
    settings = world.app.extensions["settings"].but(stripe_api_base="http://127.0.0.1:8001")
    world.app.extensions["settings"] = settings
    with world.at_work(), within(world.shop.business.id), transaction():
        connect_stripe(
            world.shop.business.id, secret_key=key, webhook_secret="whsec_1", at=clock.now()
        )

    shown = world.signed_in(ALICE).get().text

    assert ("Practice Stripe: no real money moves." in shown) is is_practice


def test_every_step_has_words_for_the_one_it_concerns() -> None:
    before_a_reward = {GateCode.COUNTED, GateCode.STANDS_LATER, GateCode.NOT_REACHED}
    assert set(GateCode) - {*reasoning.CODES, *REASONS, *WAITING} == before_a_reward


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (None, "It was taken back. The purchase was refunded."),
        ("refunded", "It was taken back. The purchase was refunded."),
        ("came_back", REASONS["came_back"].person),
        ("Ordered with a stolen card.", "It was taken back."),
    ],
)
def test_what_went_back_is_said_with_its_cause_but_not_with_words_for_the_team(
    reason: str | None, said: str
) -> None:
    gone = Reward(state=RewardState.REVERSED, reason=reason, kind="account_credit", open_holds=0)
    gone.owed_minor = gone.settled_minor = gone.forgiven_minor = 0
    assert gifts.why_words(gone) == said


def had(state: RewardState, kind: str = "store_credit", **parts: int) -> Reward:
    """Return a reward of 10.00 of which these parts went elsewhere."""
    names = ("clawback", "withheld", "debited", "owed", "settled", "forgiven", "netted", "expired")
    minor = {f"{name}_minor": parts.get(name, 0) for name in names}
    return Reward(state=state, kind=kind, open_holds=0, currency="eur", amount_minor=1000, **minor)


def test_what_stands_as_a_debt_is_said_to_whoever_owes_it() -> None:
    gone = had(RewardState.REVERSED, clawback=1000, owed=1000, settled=200, forgiven=100)
    assert gifts.why_words(gone) == (
        "It goes back. The purchase was refunded. You had €7.00 of it already, which comes off"
        " the next credit or money you earn. You may keep €1.00 of €10.00."
    )


def test_what_was_let_go_is_not_said_to_have_been_taken() -> None:
    kept = had(RewardState.REVERSED, clawback=1000, debited=500, owed=500, forgiven=500)
    said = "It was to go back. The purchase was refunded. You may keep €5.00 of €10.00."
    assert (gifts.why_words(kept), gifts.gift_words(kept)) == (said, "€5.00")
    kept = had(RewardState.REVERSED, clawback=1000, owed=1000, forgiven=1000)
    said = "It was to go back. The purchase was refunded. You may keep it."
    assert (gifts.why_words(kept), gifts.gift_words(kept)) == (said, "€10.00")
    kept = had(RewardState.GRANTED, clawback=750, debited=600, owed=150, forgiven=150)
    assert gifts.gift_words(kept) == "€4.00"
    assert gifts.why_words(kept) == (
        "It is yours, to spend with us. €6.00 of €10.00 went back, because part of the purchase was"
        " refunded. You may keep €1.50 that was to go back."
    )


def test_what_is_still_owed_has_not_gone_back_yet() -> None:
    given = had(RewardState.GRANTED, "cash", clawback=250, owed=250)
    assert "€2.50 of €10.00 goes back, because part of" in gifts.why_words(given)
    given = had(RewardState.GRANTED, "cash", clawback=250)
    assert "€2.50 of €10.00 goes back, because part of" in gifts.why_words(given)
    given = had(RewardState.GRANTED, "cash", clawback=250, owed=250, settled=250)
    assert "€2.50 of €10.00 went back, because part of" in gifts.why_words(given)


def test_money_that_settles_a_debt_whole_is_not_on_its_way() -> None:
    assert gifts.why_words(had(RewardState.GRANTED, "cash", netted=1000)) == gifts.SETTLES


@pytest.mark.parametrize(
    ("kind", "rest"),
    [
        ("cash", "The rest is on its way to your bank account."),
        ("store_credit", "The rest is yours, to spend with us."),
    ],
)
def test_what_settles_a_debt_in_part_is_said_wherever_the_reward_is(kind: str, rest: str) -> None:
    settles = "€7.50 of €10.00 settles what went back of an earlier reward and had reached you"
    given = had(RewardState.GRANTED, kind, netted=750)
    assert (gifts.why_words(given), gifts.gift_words(given)) == (
        f"{settles} already. {rest}",
        "€10.00",
    )
    waiting = had(RewardState.APPROVED, kind, netted=750)
    waiting.awaits_staff = False
    said = gifts.why_words(waiting, Waiting.BALANCE)
    assert said == f"It is ready and will be sent shortly. {settles} already."
    assert gifts.gift_words(waiting) == "€10.00"


@pytest.mark.parametrize("kind", [one for one in Kind if one is not Kind.RECOGNITION])
def test_the_rest_of_what_settles_a_debt_is_a_sentence(kind: Kind) -> None:
    assert " already. The rest " in gifts.why_words(had(RewardState.GRANTED, kind, netted=400))
    used = had(RewardState.GRANTED, kind, netted=400)
    used.used_at = clock.now()
    assert gifts.why_words(used) == gifts.USED


def test_credit_that_ended_is_not_called_theirs_any_more() -> None:
    ended = had(RewardState.GRANTED, expired=600)
    assert gifts.why_words(ended) == "€6.00 of €10.00 was not spent by its last day and is gone."
    assert (gifts.gift_words(ended), gifts.tone_of(ended)) == ("€4.00", "good")
    ended = had(RewardState.GRANTED, expired=1000)
    assert (gifts.gift_words(ended), gifts.tone_of(ended)) == ("€10.00", "calm")


def test_a_purchase_that_waits_for_a_rate_is_not_said_to_be_missing(world: World):
    sends(world, "bob")
    with world.at_work():
        world.shop.purchase("bob", currency="usd", at=world.shop.now)
    page = world.signed_in(ALICE).get("/friends").text
    assert "Bob bought something in another currency." in page
    assert "when Bob buys something" not in page


def test_lists_say_what_a_reward_waits_for_as_its_page_does(world: World):
    sends(world, "bob")
    buys(world, "bob")
    with world.at_work(), within(world.shop.business.id), transaction():
        reward = session.scalars(select(Reward).where(Reward.side == "advocate")).one()
        ripen(reward, at=reward.expected_at)
        session.scalars(
            select(Grant).where(Grant.reward_id == reward.id)
        ).one().waits_for = Waiting.NO_PAYEE
    alice = world.signed_in(ALICE)
    for page in ("", "/friends", "/rewards", reward_url(alice)):
        words = words_of(alice.get(page).text)
        assert WAITING[Waiting.NO_PAYEE].person in words, page
        assert "will be given shortly" not in words, page


def test_a_step_that_is_not_reached_is_not_called_needless(world: World):
    sends(world, "bob")
    buys(world, "bob")
    alice = world.signed_in(ALICE)

    words = words_of(alice.get(reward_url(alice)).text)
    assert "Handed over Not reached Comes after what is above." in words
    assert "Not needed" not in words


def test_a_month_that_is_full_says_when_the_next_counts(world: World):
    with world.at_work():
        link = world.shop.link_of(world.shop.customer("alice"))
        with within(world.shop.business.id), transaction():
            world.shop.program.month_cap_minor = 1000
            publish_rules(world.shop.program, at=world.shop.now)
        world.shop.signup("bob", token=world.shop.click(link))
        world.shop.purchase("bob")

    page = world.signed_in("alice@mail.example").get().text

    assert "One more thank-you would pass what one person can get this month, €10.00." in page
    assert "counts again." in page
