"""Choosing how a reward is given: what there is to choose from, and what was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from referral.domain.businesses import Actor
from referral.domain.programs import Kind, Offer
from referral.domain.rewards import Reward
from referral.domain.rewards.charities import Charity, charities, default_charity, find_charity
from referral.domain.rewards.choosing import can_choose, choice_of, choose, options_of
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.errors import Invalid, NotFound
from referral.surfaces.web.reasons import CHOICES
from referral.surfaces.web.words import count, money

CHOOSE_HERE = "Choose below how you would like it."


@dataclass(frozen=True, slots=True)
class Choosing:
    """A reward's choice as the page shows it: what is offered, and what stands now."""

    kinds: list[tuple[str, str, str, str]]
    charities: list[tuple[str, str]]
    links: list[Charity]
    kind: str
    charity: str
    is_chosen: bool
    errors: Mapping[str, str]


def choosing(
    reward: Reward, typed: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None
) -> Choosing | None:
    """Return what a person may choose about their reward; None when there is nothing.

    Nor is there while only a charity would do, and none is on the list.
    """
    if not can_choose(reward):
        return None
    kinds = options_of(reward)
    chosen = choice_of(reward.id)
    standing = chosen.charity if chosen and chosen.charity else default_charity()
    offered = charities(only_active=True) if Kind.CHARITY in (*kinds, reward.kind) else []
    if not offered:
        kinds = [kind for kind in kinds if kind is not Kind.CHARITY]
    if not kinds and not offered:
        return None
    given = typed or {}
    return Choosing(
        kinds=[_option(kind, reward.offer) for kind in kinds],
        charities=[("", "Choose one")] + [(one.public_id, one.name) for one in offered],
        links=list(offered),
        kind=given.get("kind", reward.kind),
        charity=given.get("charity", standing.public_id if standing else ""),
        is_chosen=chosen is not None,
        errors=errors or {},
    )


def _option(kind: Kind, offer: Offer) -> tuple[str, str, str, str]:
    """Return a kind's value, its words, what it means for the person, and its picture."""
    words, explanation, symbol = CHOICES[kind]
    if kind is Kind.STORE_CREDIT and offer.credit_life_days:
        explanation += f" You have {count(offer.credit_life_days, 'day')} to spend it."
    if kind is Kind.CASH and offer.minimum_payout_minor is not None:
        least = money(offer.minimum_payout_minor, offer.currency)
        explanation += f" It is sent once you have {least} waiting."
    return kind.value, words, explanation, symbol


def take_choice(reward: Reward, typed: Mapping[str, str], *, whose: str) -> None:
    """Make the choice that was typed; raises Invalid, and RewardMoved when it is too late."""
    unsaid = "" if options_of(reward) else Kind.CHARITY
    try:
        kind = Kind(typed.get("kind", unsaid))
    except ValueError:
        raise Invalid(fields={"kind": "Choose one of these."}) from None
    charity = _charity(typed.get("charity", "")) if kind is Kind.CHARITY else None
    with transaction():
        choose(reward, kind, charity, actor=Actor("person", whose), at=clock.now())


def _charity(text: str) -> Charity | None:
    if not text:
        return None
    try:
        return find_charity(text)
    except NotFound:
        raise Invalid(fields={"charity": "Choose a charity of the list."}) from None


def chosen_words(reward: Reward) -> str | None:
    """Say what was chosen for a reward, with the charity it goes to."""
    chosen = choice_of(reward.id)
    if chosen is None:
        return None
    words = CHOICES[chosen.kind][0]
    return f"{words}: {chosen.charity.name}" if chosen.charity else words
