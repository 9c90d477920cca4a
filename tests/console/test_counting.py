"""The offer's form for times, milestones and steps: as typed, so published, so shown again."""

import pytest

from referral.domain.businesses import within
from referral.domain.programs import Offer, Side, current_offers
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post

CREDIT = {"advocate_kind": "account_credit", "advocate_worth": "10.00"}


def address(desk: Desk, side: str = "advocate") -> str:
    return f"/console/programs/{desk.shop.program.public_id}/offers/{side}"


def published(desk: Desk, side: Side = Side.ADVOCATE) -> Offer:
    with within(desk.shop.business.id):
        return current_offers(desk.shop.program.id)[side]


def test_renewals_up_to_a_number_are_published(desk: Desk) -> None:
    typed = {**CREDIT, "advocate_trigger": "renewal", "advocate_times": "12"}
    assert post(desk.client, address(desk), address(desk), **typed).status_code == 303
    assert (published(desk).trigger, published(desk).times) == ("renewal", 12)
    text = check_page(desk.client.get(address(desk)))
    assert "the first 12 renewals of each friend" in text
    assert 'name="advocate_times" type="text" value="12"' in " ".join(text.split())


@pytest.mark.parametrize(("how", "kept"), [("every", (5, None)), ("once", (None, 5))])
def test_a_milestone_is_published(desk: Desk, how: str, kept: tuple[int | None, ...]) -> None:
    typed = {**CREDIT, "advocate_trigger": "milestone", "advocate_friends": "5",
             "advocate_milestone": how}  # fmt: skip
    assert post(desk.client, address(desk), address(desk), **typed).status_code == 303
    assert (published(desk).milestone_every, published(desk).milestone_at) == kept
    assert "who bought something" in check_page(desk.client.get("/console/programs"))


def test_steps_are_published_and_shown_again(desk: Desk) -> None:
    typed = {
        **CREDIT,
        "advocate_trigger": "first_purchase",
        "advocate_step_1_friends": "5",
        "advocate_step_1_worth": "15",
        "advocate_step_2_friends": "10",
        "advocate_step_2_worth": "20,00",
    }
    assert post(desk.client, address(desk), address(desk), **typed).status_code == 303
    assert published(desk).steps == [
        {"friends": 1, "amount_minor": 1000},
        {"friends": 5, "amount_minor": 1500},
        {"friends": 10, "amount_minor": 2000},
    ]
    text = check_page(desk.client.get(address(desk)))
    assert "€10.00 for the 1st to 4th friend, €15.00 for the 5th to 9th friend" in text
    assert 'name="advocate_step_2_worth" type="text" value="20.00"' in " ".join(text.split())


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"advocate_trigger": "milestone"}, "Write how many friends, such as 5."),
        ({"advocate_trigger": "purchase", "advocate_times": "0"}, "Between 1 and 999 times."),
        ({"advocate_trigger": "purchase", "advocate_times": "x"}, "Write a whole number."),
        (
            {"advocate_trigger": "purchase", "advocate_step_1_worth": "15"},
            "From which friend on? Write a number such as 5.",
        ),
        (
            {
                "advocate_trigger": "purchase",
                "advocate_step_1_friends": "5",
                "advocate_step_1_worth": "10%",
            },
            "Steps are all amounts or all rates.",
        ),
        (
            {
                "advocate_trigger": "signup",
                "advocate_step_1_friends": "5",
                "advocate_step_1_worth": "15",
            },
            "Steps by the number of friends are for the advocate, and for purchases.",
        ),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_published(
    desk: Desk, typed: dict[str, str], said: str
) -> None:
    before = published(desk).version
    answer = post(desk.client, address(desk), address(desk), **{**CREDIT, **typed})
    assert answer.status_code == 422
    assert said in check_page(answer, 422)
    assert published(desk).version == before


def test_the_friend_may_get_something_for_each_purchase(desk: Desk) -> None:
    typed = {"friend_kind": "account_credit", "friend_worth": "5%", "friend_trigger": "purchase",
             "friend_times": "3", "friend_minimum": "20"}  # fmt: skip
    path = address(desk, "friend")
    assert post(desk.client, path, path, **typed).status_code == 303
    offer = published(desk, Side.FRIEND)
    assert (offer.rate_bp, offer.times, offer.minimum_minor) == (500, 3, 2000)


def test_a_mistake_in_the_steps_stands_beside_them(desk: Desk) -> None:
    typed = {**CREDIT, "advocate_trigger": "purchase", "advocate_step_1_friends": "5",
             "advocate_step_1_worth": "15", "advocate_step_2_friends": "3",
             "advocate_step_2_worth": "20"}  # fmt: skip
    text = check_page(post(desk.client, address(desk), address(desk), **typed), 422)
    assert "First step: Steps begin with the 1st friend and go up." in text
    assert "How much the advocate gets:" not in text
