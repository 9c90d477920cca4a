"""Joining a program: a visitor says who they are, proves it by mail, and gets their own link."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, request, url_for

from referral.domain.links import Link, find_by_code, is_code, read_code, read_token
from referral.domain.people import canonical_email
from referral.domain.programs import Program, Side, current_offers, find_program
from referral.domain.reports.portal import link_followed, open_programs
from referral.foundation import clock
from referral.foundation.errors import Invalid
from referral.foundation.text import plain
from referral.surfaces.portal.door import enter_business, signed_in_here
from referral.surfaces.portal.pages import card
from referral.surfaces.portal.proofs import ask_for_proof
from referral.surfaces.web.promises import friend_offer_words, offer_words
from referral.surfaces.web.rules import newcomer_cautions
from referral.surfaces.web.visits import read_visit_tokens

_WRONG_CODE = "There is no such code. Look at it again, or leave this empty."


def show(slug: str) -> Any:
    """Show what joining brings and ask for a name and an address."""
    business = enter_business(slug)
    if signed_in_here(business):
        return redirect(url_for("portal.home", slug=slug), 303)
    program = _program(request.args.get("program"))
    if program is None:
        return card("join_closed", programs=open_programs())
    return _form(program, typed=request.args, errors={})


def ask(slug: str) -> Any:
    """Send a proof to the address; whoever brings it back joins with all their evidence."""
    business = enter_business(slug)
    program = find_program(business.id, request.form.get("program", ""))
    typed = request.form
    errors: dict[str, str] = {}
    name = plain(typed.get("name", ""))
    if not 1 <= len(name) <= 200:
        errors["name"] = "Tell us what to call you."
    code = read_code(typed.get("code", "")[:60])
    if code and (not is_code(code) or find_by_code(code) is None):
        errors["code"] = _WRONG_CODE
    try:
        address = canonical_email(typed.get("email", "")[:320])
    except Invalid as wrong:
        errors.update(wrong.fields)
    if errors:
        return _form(program, typed=typed, errors=errors), 422
    wish = {"program": program.public_id, "name": name, "code": code, "tokens": _tokens(typed)}
    return ask_for_proof(address, {"join": wish}, at=clock.now())


def _program(text: str | None) -> Program | None:
    """Return the program asked for, or the only open one; None leaves the choice to the visitor."""
    if text:
        program = find_program(g.business.id, text)
        return program if program.is_open else None
    found = open_programs()
    return found[0] if len(found) == 1 else None


def _form(program: Program, *, typed: Any, errors: dict[str, str]) -> str:
    offers = current_offers(program.id)
    inviter = _inviter(program, _tokens(typed))
    friend, advocate = offers.get(Side.FRIEND), offers.get(Side.ADVOCATE)
    is_invited = inviter is not None or bool(typed.get("code"))
    return card(
        "join",
        program=program,
        inviter=inviter.person.first_name if inviter else None,
        friend_offer=friend_offer_words(friend) if friend and is_invited else None,
        advocate_offer=offer_words(advocate) if advocate else None,
        cautions=newcomer_cautions(program, offers, is_invited=is_invited),
        typed=typed,
        errors=errors,
    )


def _tokens(typed: Any) -> list[str]:
    """Return the tokens a visitor came with: those of their cookie, and the one in the address."""
    token = typed.get("ref", "")[:200]
    return [*read_visit_tokens(request), *([token] if read_token(token) else [])]


def _inviter(program: Program, tokens: list[str]) -> Link | None:
    """Return the link of this program the visitor followed, whose owner greets them by name."""
    ids = [token.link_id for text in tokens if (token := read_token(text))]
    return link_followed(program.id, ids)
