"""A thank-you written to alice: in the portal with the name of who wrote it, and by mail."""

from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.worker.letters import write
from tests.cast import open_shop
from tests.domain.test_recognition import THANKS, thanks
from tests.portal.test_gifts import work
from tests.portal.test_pages import ALICE, alices_reward, buys, replaced, reward_url, sends
from tests.portal.visiting import World, words_of

OLIVE = Actor("operator", "Olive Park")
OWN = "Alice, <i>Bob</i> fits in so well. Thank you!"


def thanked(world: World, words: str) -> None:
    with world.at_work():
        replaced(world, open_shop("Thanks", advocate=thanks(), hold_days=0, at=clock.now()))
    sends(world, "bob")
    buys(world, "bob")
    with world.at_work():
        with within(world.shop.business.id), transaction():
            journey.approve_reward(
                alices_reward(), actor=OLIVE, reason="Lovely.", at=clock.now(), words=words
            )
        work(world.shop)


def test_alice_reads_what_olive_wrote_and_who_she_is(world: World) -> None:
    thanked(world, OWN)
    alice = world.signed_in(ALICE)
    page = alice.get(reward_url(alice)).text
    assert "&lt;i&gt;Bob&lt;/i&gt; fits in so well. Thank you! – Olive Park" in page
    assert THANKS not in page
    assert "Olive Park" in words_of(alice.get("/rewards").text)


def test_the_mail_says_the_words_and_leads_to_the_portal(world: World) -> None:
    thanked(world, OWN)
    (mail,) = world.mails(ALICE, "thank_you")
    with world.at_work():
        written = write("thank_you", {**mail, "brand": "Thanks", "portal_url": "https://p.example"})
    assert written.subject == "A thank-you from Olive Park at Thanks"
    assert OWN in written.text
    assert "&lt;i&gt;Bob&lt;/i&gt;" in written.html
    assert f"https://p.example/rewards/{mail['reward']}" in written.text


def test_without_any_the_offers_words_are_read_and_nobody_is_named(world: World) -> None:
    thanked(world, "")
    alice = world.signed_in(ALICE)
    page = alice.get(reward_url(alice)).text
    assert THANKS in page
    assert "Olive Park" not in page
    assert world.mails(ALICE, "thank_you") == []
