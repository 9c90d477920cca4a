"""What is said before somebody shares: what both sides get, what is used up, and the open words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from flask import url_for

from referral.domain.programs import Offer, Program, ProgramState, Side, Trigger
from referral.domain.reports.portal import Part
from referral.domain.rewards.allowances import Scope
from referral.domain.rewards.limits import BUDGET_REACHED, Reached, limits_reached
from referral.surfaces.web.fallbacks import promise_words
from referral.surfaces.web.promises import friend_offer_words, offer_words
from referral.surfaces.web.rules import limit_words
from referral.surfaces.web.settings import public_url
from referral.surfaces.web.words import count, money

AD = "(Ad)"
"""Marks every prepared text as what it is, up front: who shares gets something for it (L-19)."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """All a page needs for one program: the promise, the cautions and, where open, the link."""

    program: Program
    friend_gets: str | None
    advocate_gets: str | None
    cautions: list[str]
    room: str | None
    url: str
    code: str
    qr_src: str
    hold_up_url: str
    text: str
    mail_url: str
    terms: list[str]
    is_open: bool


def sharing(part: Part, offers: Mapping[Side, Offer], *, brand: str, slug: str) -> Sharing:
    """Prepare what a person shares in a program; the part has a link."""
    advocate, friend = offers.get(Side.ADVOCATE), offers.get(Side.FRIEND)
    code = part.link.code if part.link else ""
    url = public_url(f"/r/{code}")
    text = share_text(brand, friend)
    return Sharing(
        program=part.program,
        friend_gets=friend_offer_words(friend, whose="their") if friend else None,
        advocate_gets=offer_words(advocate) if advocate else None,
        cautions=cautions(part, advocate, friend),
        room=_room(part, advocate),
        url=url,
        code=part.link.spoken_code if part.link else "",
        qr_src=f"/q/{code}.svg",
        hold_up_url=url_for("portal.hold_up", slug=slug, code=code),
        text=text,
        mail_url=f"mailto:?subject={quote(f'{AD} {brand}')}&body={quote(f'{text} {url}')}",
        terms=terms_of(part.program, advocate),
        is_open=part.program.is_open,
    )


def share_text(brand: str, friend: Offer | None) -> str:
    """Return the prepared words of a recommendation; they begin with the mark."""
    if friend is None:
        return f"{AD} I recommend {brand}. If you come by my link, I get a thank-you."
    gift = friend_offer_words(friend)
    return f"{AD} I recommend {brand}. By my link you get {gift}, and I get a thank-you."


def terms_of(program: Program, advocate: Offer | None) -> list[str]:
    """List the rules of a program as somebody should know them who recommends (L-21)."""
    said = [
        f"A friend has {count(program.click_window_days, 'day')} to sign up after following "
        "your link. Typing your code counts more than any link.",
        "Somebody who is a customer already, or was sent by another person, does not count. "
        "Nor do you yourself.",
    ]
    if advocate is None:
        return said
    if advocate.trigger != Trigger.SIGNUP:
        said.append(
            f"What they buy in the {count(program.qualify_window_days, 'day')} after that counts."
        )
        if advocate.hold_days:
            said.append(
                f"Your thank-you waits {count(advocate.hold_days, 'day')} after the purchase, "
                "until returns are no longer possible."
            )
        if advocate.trigger == Trigger.MILESTONE:
            when = (
                "once that time is over and they have kept what they bought"
                if advocate.hold_days
                else "as soon as they have bought something"
            )
            said.append(f"A friend is counted {when}. Who is counted stays counted.")
        else:
            said.append(
                "If a friend gets money back, the same share of your thank-you goes back too."
            )
    if instead := promise_words(advocate):
        said.append(instead)
    said.append("What was promised on the day a friend signs up stays, even if the offer changes.")
    return said


def cautions(part: Part, advocate: Offer | None, friend: Offer | None) -> list[str]:
    """List what somebody should know before they share: a pause, an end, a limit reached."""
    if part.program.state == ProgramState.CLOSED:
        return ["This program has ended. New friends are not counted any more."]
    if part.program.state == ProgramState.PAUSED:
        return ["This program is paused. Friends who come now are not counted until it goes on."]
    said = [limit_words(limit, part.program) for limit in _reached(part, advocate)]
    if any(limit.reason == BUDGET_REACHED for limit in _reached(part, friend, of_friend=True)):
        said.append("Your friend may not get their welcome either.")
    return said


def _reached(part: Part, offer: Offer | None, *, of_friend: bool = False) -> list[Reached]:
    """List the limits one more reward would meet; what a friend took elsewhere is not known."""
    if offer is None:
        return []
    zone, taken = part.program.business.time_zone, {} if of_friend else part.taken
    return limits_reached(part.program, offer, taken, day=part.day, zone=zone)


def _room(part: Part, advocate: Offer | None) -> str | None:
    """Say how much a person can still get in all, where there is a cap and none is reached."""
    if advocate is None or advocate.person_cap_minor is None:
        return None
    if any(limit.cap_minor is not None for limit in _reached(part, advocate)):
        return None
    left_minor = advocate.person_cap_minor - part.taken.get(Scope.PERSON, 0)
    return f"You can still get up to {money(left_minor, advocate.currency)} here."
