"""A gift that the business's own server was asked for: staff say what became of it."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for

from referral.domain import journey
from referral.domain.reports import console as lists
from referral.domain.rewards.gift_confirmations import (
    LONGEST_CODE,
    LONGEST_NOTE,
    LONGEST_REASON,
    LONGEST_REFERENCE,
    AlreadyConfirmed,
    NotAsked,
    Verdict,
    Word,
)
from referral.domain.rewards.gift_requests import request_of
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.errors import Invalid, NotFound
from referral.surfaces.console.door import actor
from referral.surfaces.console.forms import Form
from referral.surfaces.console.frame import refused
from referral.surfaces.console.rewards import show_one

_WHY = "not_given_because"
_DONE = {
    Verdict.FULFILLED: "Kept: the gift was given.",
    Verdict.REFUSED: "Kept: the gift was not given. It can be issued again.",
}


def confirm(reward: str) -> Any:
    """Say that a gift was given, with a reference, or that it was not, with a reason."""
    grant, form = request_of(lists.find_reward(reward)), Form(request.form)
    if grant is None:
        raise NotFound
    word = _read(form)
    form.check(word.check, beside={"reason": _WHY})
    try:
        form.accept()
        with transaction():
            journey.confirm_gift(grant, word, actor=actor(), at=clock.now(), by_staff=True)
    except Invalid as refusal:
        return show_one(lists.find_reward(reward), refusal.fields), 422
    except (AlreadyConfirmed, NotAsked) as refusal:
        return refused(refusal, lambda: show_one(lists.find_reward(reward), {}))
    flash(_DONE[word.verdict], "success")
    return redirect(url_for("console.reward", reward=reward), 303)


def _read(form: Form) -> Word:
    """Read what belongs to the button that was pressed; what is left empty is not said."""
    verdict = form.choice("status", Verdict, asked="Say whether it was given.")
    if verdict == Verdict.REFUSED:
        return Word(verdict, reason=form.text(_WHY, longest=LONGEST_REASON) or None)
    return Word(
        verdict,
        reference=form.text("reference", longest=LONGEST_REFERENCE) or None,
        code=form.text("code", longest=LONGEST_CODE) or None,
        note=form.text("note", longest=LONGEST_NOTE) or None,
    )
