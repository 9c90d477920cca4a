"""Signing in without a password: an address, then the code or the link that was mailed to it.

A link signs nobody in by being opened: only a press of the button, in the browser that asked,
does (S-29, S-30). So a mail scanner uses nothing up, and a forwarded link opens nothing.
"""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, request, url_for

from referral.domain.attribution import Outcome, Signup
from referral.domain.people import canonical_email
from referral.domain.reports.portal import open_programs
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.errors import Invalid
from referral.surfaces.portal.door import enter_business, safe_next, signed_in_here
from referral.surfaces.portal.pages import card
from referral.surfaces.portal.proofs import (
    PROVED,
    Admitted,
    admit,
    ask_for_proof,
    asking_browser,
    forget_asking,
    own_challenge,
)
from referral.surfaces.web.challenges import (
    ChallengeEnded,
    SignInChallenge,
    challenge_of_link,
    meet_by_code,
    meet_by_link,
)
from referral.surfaces.web.promises import friend_offer_words
from referral.surfaces.web.reasons import reason_words
from referral.surfaces.web.sessions import current_row

_WRONG = {"code": "This is not the code. Look at the newest mail, and type its six digits."}


def show(slug: str) -> Any:
    """Show the form for an address; somebody signed in goes on."""
    business = enter_business(slug)
    back = safe_next(request.args.get("next"), slug)
    if signed_in_here(business):
        return redirect(back, 303)
    return _form(back, email="", errors={})


def ask(slug: str) -> Any:
    """Send a link and a code, and say the same to everybody."""
    enter_business(slug)
    email = request.form.get("email", "")[:320]
    back = safe_next(request.form.get("next"), slug)
    try:
        address = canonical_email(email)
    except Invalid as wrong:
        return _form(back, email=email, errors=wrong.fields), 422
    return ask_for_proof(address, {"next": back}, at=clock.now())


def show_code(slug: str) -> Any:
    """Ask the browser that asked for the code."""
    business = enter_business(slug)
    challenge = own_challenge()
    if signed_in_here(business) and (challenge is None or not challenge.is_open(clock.now())):
        return redirect(url_for("portal.home", slug=slug), 303)
    if challenge is None:
        return redirect(url_for("portal.sign_in", slug=slug), 303)
    if not challenge.is_open(clock.now()):
        return _ended()
    return _code(challenge, errors={})


def try_code(slug: str) -> Any:
    """Let somebody in by the code, or count a wrong one."""
    business = enter_business(slug)
    challenge = own_challenge()
    if signed_in_here(business) and (challenge is None or not challenge.is_open(clock.now())):
        return redirect(url_for("portal.home", slug=slug), 303)
    if challenge is None:
        return redirect(url_for("portal.sign_in", slug=slug), 303)
    at, typed = clock.now(), request.form.get("code", "")[:40]
    current_row()
    try:
        with transaction():
            is_right = meet_by_code(challenge, typed, at=at)
            admitted = admit(challenge, at=at) if is_right else None
    except ChallengeEnded:
        return _ended()
    if admitted is not None:
        return _welcome(admitted)
    PROVED.labels("wrong_code").inc()
    if not challenge.is_open(at):
        return _ended()
    return _code(challenge, errors=_WRONG), 422


def show_link(slug: str, link: str) -> Any:
    """Show what a mailed link would do; being opened changes nothing."""
    enter_business(slug)
    challenge, now = challenge_of_link(link[:100]), clock.now()
    if challenge is None or not challenge.is_open(now):
        return _unreferred(_ended())
    shown = card(
        "link",
        challenge=challenge,
        wish=challenge.wish,
        link=link,
        is_here=challenge.is_from(asking_browser()),
        now=now,
    )
    return _unreferred(make_response(shown))


def use_link(slug: str) -> Any:
    """Let somebody in by the link, in the browser that asked for it."""
    enter_business(slug)
    challenge = challenge_of_link(request.form.get("link", "")[:100])
    at = clock.now()
    current_row()
    try:
        if challenge is None:
            raise ChallengeEnded
        with transaction():
            meet_by_link(challenge, asking_browser(), at=at)
            admitted = admit(challenge, at=at)
    except ChallengeEnded:
        PROVED.labels("refused_link").inc()
        return _ended()
    return _welcome(admitted)


def _form(back: str, *, email: str, errors: dict[str, str]) -> str:
    can_join = bool(open_programs())
    return card("sign_in", back=back, email=email, errors=errors, can_join=can_join)


def _code(challenge: SignInChallenge, *, errors: dict[str, str]) -> str:
    return card("code", challenge=challenge, wish=challenge.wish, errors=errors)


def _ended() -> Response:
    return make_response(card("ended"), 410)


def _welcome(admitted: Admitted) -> Response:
    PROVED.labels("met").inc()
    if admitted.signup is not None:
        _say_decision(admitted.signup)
    return forget_asking(redirect(admitted.goes_to, 303))  # type: ignore[arg-type]


def _say_decision(signup: Signup) -> None:
    """Tell a new person what became of the recommendation they came with."""
    if signup.outcome == Outcome.REFERRED and signup.referral is not None:
        offer = signup.referral.friend_offer
        gift = f" You get {friend_offer_words(offer)}." if offer else ""
        flash(f"Welcome! {signup.referral.advocate.first_name} sent you.{gift}", "success")
    elif signup.outcome == Outcome.REFUSED:
        flash(f"Welcome! About the link you came by: {reason_words(signup.reason)}", "info")
    else:
        flash("Welcome! Here is your own link to share.", "success")


def _unreferred(answer: Response) -> Response:
    """Keep the address, which holds a secret, from being told to the next page (S-36)."""
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
