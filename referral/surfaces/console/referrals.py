"""Signups and what became of them: the list, and the answer to "why?" for any of our ids."""

from __future__ import annotations

from typing import Any

from flask import g, request, url_for

from referral.domain.attribution import Outcome, Reason, Signup
from referral.domain.programs import Program, find_program
from referral.domain.reports import console as lists
from referral.domain.reports.explanation import (
    Explanation,
    explain_referral,
    explain_reward,
    explain_signup,
)
from referral.foundation import clock
from referral.foundation.errors import NotFound
from referral.surfaces.console.frame import page
from referral.surfaces.web.reasons import TOUCHES, reason_words
from referral.surfaces.web.why import gate_items, in_short


def show_all() -> str:
    """List signups, all or of one outcome and program."""
    outcome, program = _outcome(), chosen_program()
    known = lists.programs()
    found = lists.signups(outcome, program, request.args.get("after"))
    asked: dict[str, Any] = {
        "outcome": outcome.value if outcome else None,
        "program": program.public_id if program else None,
    }
    return page(
        "referrals",
        signups=[(one, _because(one)) for one in found.rows],
        asked=asked,
        programs=known,
        program_options=[(one.public_id, one.name) for one in known],
        next_url=url_for("console.referrals", **asked, after=found.next) if found.next else None,
        first_url=url_for("console.referrals", **asked) if request.args.get("after") else None,
    )


def why(subject: str) -> str:
    """Explain a signup, a referral or a reward, gate by gate."""
    shown = _explained(subject)
    return page("why", gates=gate_items(shown["explanation"]), **shown)


def chosen_program() -> Program | None:
    """Return the program a list is narrowed to; raises NotFound for one of somebody else."""
    text = request.values.get("program", "")
    return find_program(g.business.id, text) if text else None


def _because(signup: Signup) -> str:
    """Say in a line what a referral rests on, or why there is none."""
    kinds = [one["kind"] for one in signup.considered if one["verdict"] == Reason.CREDITED]
    return TOUCHES[kinds[0]] if kinds else reason_words(signup.reason, for_staff=True)


def _outcome() -> Outcome | None:
    text = request.args.get("outcome", "")
    return Outcome(text) if text in set(Outcome) else None


def _explained(subject: str) -> dict[str, Any]:
    """Load what an id means, by its prefix, with the people of it."""
    at = clock.now()
    if subject.startswith("rwd_"):
        reward = lists.find_reward(subject)
        return _shown(explain_reward(reward, at=at), reward.referral.friend, reward=reward)
    if subject.startswith("ref_"):
        referral = lists.find_referral(subject)
        explanation = explain_referral(referral, at=at)
        return _shown(explanation, referral.friend, referral=referral)
    if subject.startswith("sgn_"):
        signup = lists.find_signup(subject)
        explanation = explain_signup(signup, at=at)
        return _shown(explanation, signup.person, referral=signup.referral, signup=signup)
    raise NotFound


def _shown(explanation: Explanation, friend: Any, **subject: Any) -> dict[str, Any]:
    reward, referral = subject.get("reward"), subject.get("referral")
    referral = reward.referral if reward else referral
    return {
        "explanation": explanation,
        "answer": in_short(explanation),
        "friend": friend,
        "referral": referral,
        "reward": reward,
        "signup": subject.get("signup"),
        "rewards": lists.rewards_of_referral(referral) if referral else [],
    }
