"""Where a person's money is sent: set up at Stripe, read back from there, shown in plain words.

Links to Stripe's own page are made on a click, used at once, and neither kept nor mailed.
"""

from __future__ import annotations

from typing import Any

from flask import flash, g, make_response, redirect, request, url_for

from referral.domain.people import Payee, payee_of
from referral.domain.people.payees import keep_payee, leave_payee, note_standing, payees_before
from referral.domain.reports.payouts import coming_to
from referral.domain.rewards.waking import wake_grants
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid, NotYet
from referral.gateways.stripe import StripeAccount
from referral.gateways.stripe.errors import StripeTrouble
from referral.surfaces.portal.pages import page
from referral.surfaces.web.accounts import account_of, standing_at
from referral.surfaces.web.headers import POLICY
from referral.surfaces.web.needs import needs_words, stopped_words
from referral.surfaces.web.places import country_names, is_country
from referral.surfaces.web.practice import stand_in
from referral.surfaces.web.settings import public_url, settings

LATER = "Stripe does not answer just now. Nothing is lost: try again in a few minutes."
CHOOSE = "Choose the country you live in."


def show(slug: str) -> Any:
    """Show how the account stands and what Stripe still asks for."""
    return _page({})


def begin(slug: str) -> Any:
    """Make the account the first time, and lead to Stripe's page for it."""
    try:
        payee = _payee_to_set_up()
        return _lead_to_stripe(payee, slug)
    except Invalid as refusal:
        return _page(refusal.fields), 422
    except (StripeTrouble, NotYet):
        flash(LATER, "warning")
        return redirect(url_for("portal.payouts", slug=slug), 303)


def again(slug: str) -> Any:
    """Lead to Stripe's page by a fresh link: the one before had been used or was too old."""
    payee = payee_of(g.person.id)
    if payee is None:
        return redirect(url_for("portal.payouts", slug=slug), 303)
    try:
        return _lead_to_stripe(payee, slug)
    except (StripeTrouble, NotYet):
        flash(LATER, "warning")
        return redirect(url_for("portal.payouts", slug=slug), 303)


def back(slug: str) -> Any:
    """Read the account when somebody comes back: having been there proves nothing."""
    payee = payee_of(g.person.id)
    if payee is not None:
        try:
            _read(payee, _account())
        except (StripeTrouble, NotYet):
            flash(LATER, "warning")
    return redirect(url_for("portal.payouts", slug=slug), 303)


def _payee_to_set_up() -> Payee:
    """Return the person's account, made at Stripe where there is none that can be used.

    The key of the call is the person's own, so that a second click makes no second account.
    """
    present, country = payee_of(g.person.id), request.form.get("country", "")[:2].upper()
    if present is not None and not present.is_gone and country in ("", present.country):
        return present
    if present is not None and present.can_be_paid:
        return present
    if not is_country(country):
        raise Invalid(fields={"country": CHOOSE})
    number, account = payees_before(g.person.id) + 1, _account()
    made = account.make_payee(
        country=country,
        email=g.person.email,
        marks={"wom_person": g.person.public_id, "wom_business": g.business.public_id},
        key=f"{g.person.public_id}:payee:{country}:{number}",
    )
    at = clock.now()
    with transaction():
        if present is not None:
            leave_payee(present, at=at)
        payee = keep_payee(g.person, made, country, at=at)
    return payee


def _lead_to_stripe(payee: Payee, slug: str) -> Any:
    """Answer with the way to Stripe's page, made for this one click."""
    link = _account().payee_link(
        payee.account_id,
        refresh_url=public_url(url_for("portal.payouts_again", slug=slug)),
        return_url=public_url(url_for("portal.payouts_back", slug=slug)),
    )
    return redirect(link, 303)


def _read(payee: Payee, account: StripeAccount) -> None:
    at = clock.now()
    standing = standing_at(account, payee.account_id)
    with transaction():
        note_standing(payee, standing, at=at)
        wake_grants(payee.person_id, at=at)


def _account() -> StripeAccount:
    account = account_of(g.business.id)
    if account is None:
        raise NotYet
    return account


def _page(errors: dict[str, str]) -> Any:
    payee, coming = payee_of(g.person.id), coming_to(g.person.id)
    stopped = payee.disabled_reason if payee and not payee.can_be_paid else None
    shown = page(
        "payouts",
        payee=payee,
        is_used=payee is not None or bool(coming),
        coming=coming,
        needs=needs_words(payee.needs) if payee else [],
        stopped=stopped_words(stopped, brand=g.business.name) if stopped else None,
        countries=country_names(),
        typed=request.form,
        errors=errors,
    )
    session.commit()
    answer = make_response(shown)
    answer.headers["Content-Security-Policy"] = _policy()
    return answer


def _policy() -> str:
    """Let this page's form lead on to Stripe's page, and nowhere else."""
    practice = settings().practice_stripe_url or stand_in()
    there = " ".join(filter(None, ("https://connect.stripe.com", practice.rstrip("/"))))
    return POLICY.replace("form-action 'self'", f"form-action 'self' {there}")
