"""Choosing for a person how their reward is given, and the charities it may go to."""

from __future__ import annotations

from pydantic import ConfigDict
from sqlalchemy import select

from referral.domain.businesses import record
from referral.domain.programs import Kind
from referral.domain.rewards.charities import Charity, find_charity
from referral.domain.rewards.choosing import choose
from referral.domain.rewards.moving import RewardMoved
from referral.foundation.errors import Invalid, NotFound
from referral.surfaces.api.contract import CharityId, In, Out, Page
from referral.surfaces.api.cursors import PageAsked, page
from referral.surfaces.api.layer import Call, Resource
from referral.surfaces.api.rewards import RewardOut, reward_named

route = Resource("Choices", "What a person chooses about a reward, and the charities on the list.")


class CharityOut(Out):
    """Somebody a reward may go to; the default takes what nobody chose a charity for."""

    id: CharityId
    name: str
    website: str
    is_active: bool
    is_default: bool


class CharitiesOut(Page[CharityOut]):
    """A page of charities."""


class ChoiceIn(In):
    """How the reward is given; `charity` only for the kind `charity`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "account_credit"}]})

    kind: str
    charity: CharityId | None = None


@route.get("/charities", gives=CharitiesOut, asks=PageAsked)
def list_charities(call: Call, asked: PageAsked) -> CharitiesOut:
    """List your charities."""
    rows, after = page(call.business, "charities", select(Charity), Charity.id, asked)
    return CharitiesOut(items=[_written(one) for one in rows], next=after)


@route.post(
    "/rewards/{reward}/choice",
    takes=ChoiceIn,
    gives=RewardOut,
    refuses=(NotFound, RewardMoved),
)
def choose_for_reward(call: Call, sent: ChoiceIn, reward: str) -> RewardOut:
    """Choose how a reward is given, as its person told you; possible until its grant begins."""
    found = reward_named(reward)
    try:
        kind = Kind(sent.kind)
    except ValueError:
        raise Invalid(fields={"kind": "Choose one of what is offered."}) from None
    choose(found, kind, _charity(sent.charity), actor=call.actor, at=call.at)
    record(
        found.business_id,
        "reward.chosen",
        subject=found.public_id,
        actor=call.actor,
        at=call.at,
        details={"kind": kind.value},
    )
    return RewardOut.of(found)


def _charity(text: str | None) -> Charity | None:
    if text is None:
        return None
    try:
        return find_charity(text)
    except NotFound:
        raise Invalid(fields={"charity": "There is no such charity."}) from None


def _written(charity: Charity) -> CharityOut:
    return CharityOut(
        id=charity.public_id,
        name=charity.name,
        website=charity.website,
        is_active=charity.is_active,
        is_default=charity.is_default,
    )
