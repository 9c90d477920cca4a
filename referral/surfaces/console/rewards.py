"""Rewards: the list, one with its gates, and decisions on one or many, with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from flask import flash, redirect, request, url_for
from markupsafe import Markup

from referral.domain.programs.kinds import MOST_WORDS
from referral.domain.reports import console as lists
from referral.domain.reports import evidence
from referral.domain.reports.explanation import explain_reward
from referral.domain.reports.waiting import waits_of
from referral.domain.rewards import Reward, RewardState
from referral.domain.rewards.approving import approvals_of, has_agreed
from referral.domain.rewards.gift_confirmations import confirmation_of
from referral.domain.rewards.gift_requests import awaits_word
from referral.domain.rewards.grants import grants_of, open_grant
from referral.domain.rewards.holds import HOLDABLE, open_holds
from referral.domain.rewards.moving import RewardMoved
from referral.domain.rewards.recognition import words_of
from referral.domain.rewards.reissuing import can_be_reissued
from referral.domain.rewards.returning import can_be_taken_back
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.errors import Invalid, NotFound, Refusal
from referral.surfaces.console.door import actor, may
from referral.surfaces.console.forms import REASON, Form, read_reason
from referral.surfaces.console.frame import page
from referral.surfaces.console.happenings import MOVED
from referral.surfaces.console.referrals import chosen_program
from referral.surfaces.console.verbs import VERBS, Verb
from referral.surfaces.web.reasons import GRANTS, OPERATIONS, reason_words, waiting_in_short
from referral.surfaces.web.why import gate_items, in_short
from referral.surfaces.web.words import day, money

MOST_AT_ONCE = 100
ONE_OF_TWO = "approved by one of two: somebody else must approve it too"
SHOWN = ("awaiting", "held", "waiting", *RewardState)
REVIEW = ("approve", "hold", "release", "deny")
log = structlog.get_logger("referral.console")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one reward of many."""

    id: str
    reward: Reward | None
    trouble: str | None
    done: str = ""


def show_all() -> str:
    """List rewards, all or of one state and program."""
    return _list({}, ())


def show(reward: str) -> Any:
    """Show one reward with why it stands where it does and what can be done.

    A decision's own address, reloaded after its form was refused, leads to the list.
    """
    if reward in VERBS:
        return redirect(url_for("console.rewards"), 303)
    return show_one(lists.find_reward(reward), {})


def decide(verb: str) -> Callable[[], Any]:
    """Return the view that approves, denies, holds or releases what was chosen."""

    def view() -> Any:
        chosen = list(dict.fromkeys(request.form.getlist("chosen")))[:MOST_AT_ONCE]
        try:
            reason = read_reason(request.form, is_needed=VERBS[verb].is_judgement)
            more = _read_words() if verb == "approve" and _is_single(chosen) else {}
        except Invalid as refusal:
            return _ask_again(chosen, refusal.fields)
        if not chosen:
            flash("Choose at least one reward first.", "warning")
            return redirect(url_for("console.rewards", **_asked()), 303)
        results = [_decide_one(VERBS[verb], one, reason, **more) for one in chosen]
        if _is_single(chosen):
            return _answer_one(VERBS[verb], results[0])
        back = url_for("console.rewards", **_asked())
        return page("decided", verb=VERBS[verb], results=results, reason=reason, back_url=back)

    view.__name__ = verb
    return view


def verbs_for(reward: Reward) -> list[Verb]:
    """List what this operator may do with a reward as it stands."""
    return [
        verb
        for verb in VERBS.values()
        if _fits(verb, reward) and may(verb.name) and not _is_theirs_done(verb, reward)
    ]


def when_words(reward: Reward, at: datetime, waits_for: str | None = None) -> str | Markup:
    """Say when a reward is expected, what it or staff's word is waited for, or when it settled."""
    if reward.settled_at is not None:
        return Markup("settled {}").format(day(reward.settled_at))
    if reward.is_held:
        return "when it is released"
    if reward.state != RewardState.PENDING:
        return waiting_in_short(waits_for) if waits_for else "any moment now"
    if reward.awaits_staff:
        return Markup("waiting since {}").format(day(reward.expected_at))
    if reward.expected_at <= at:
        return "any moment now"
    return Markup("expected {}").format(day(reward.expected_at))


def parts_of(reward: Reward) -> list[tuple[str, str]]:
    """List what went elsewhere of a reward: into a debt, back, or away unspent."""
    parts = {
        "Settles a debt": reward.netted_minor,
        "Taken back": reward.back_minor,
        "To go back": reward.outstanding_minor,
        "Still owed": reward.debt_minor,
        "Let go": reward.forgiven_minor,
        "Ended unspent": 0 if reward.lapsed_at else reward.expired_minor,
    }
    return [(words, money(part, reward.currency)) for words, part in parts.items() if part]


def _list(errors: dict[str, str], chosen: tuple[str, ...]) -> str:
    asked, program, after = _asked(), chosen_program(), request.values.get("after")
    known = lists.programs()
    found = lists.rewards(asked["show"] or "", program, after)
    return page(
        "rewards",
        rewards=found.rows,
        when_words=when_words,
        parts_of=parts_of,
        waits=waits_of(found.rows),
        asked=asked,
        after=after,
        chosen=chosen,
        typed=request.form,
        errors=errors,
        verbs=_verbs_among(asked["show"]),
        programs=known,
        program_options=[(one.public_id, one.name) for one in known],
        next_url=url_for("console.rewards", **asked, after=found.next) if found.next else None,
        first_url=url_for("console.rewards", **asked) if after else None,
    )


def _verbs_among(show: str | None) -> list[Verb]:
    """List what can be decided on many: what has failed or waits outside is past its review."""
    chosen = {"failed": ("reissue",), "waiting": ("retry",)}.get(show or "", REVIEW)
    return [VERBS[name] for name in chosen if may(name)]


def _asked() -> dict[str, Any]:
    """Return what the list is narrowed to, as its address says it and its form carries it."""
    show, program = request.values.get("show", ""), chosen_program()
    return {
        "show": show if show in SHOWN else None,
        "program": program.public_id if program else None,
    }


def show_one(reward: Reward, errors: dict[str, str]) -> str:
    """Draw a reward's page, with what is wrong in the form that was sent from it."""
    grants = grants_of(reward)
    explanation = explain_reward(reward, at=clock.now())
    return page(
        "reward",
        reward=reward,
        when=when_words(reward, clock.now(), waits_of([reward]).get(reward.id)),
        parts=parts_of(reward),
        answer=in_short(explanation),
        gates=gate_items(explanation),
        verbs=verbs_for(reward),
        holds=open_holds(reward),
        words=words_of(reward),
        approvals=approvals_of(reward) if reward.state == RewardState.PENDING else [],
        history=[_line(step) for step in reversed(evidence.moves(reward))],
        grants=grants,
        awaits_word=any(awaits_word(one) for one in grants),
        confirmation=confirmation_of(reward.id),
        operations=OPERATIONS,
        grant_states=GRANTS,
        typed=request.form,
        errors=errors,
    )


def _line(step: Any) -> dict[str, Any]:
    reason = "" if step.reason == "earned" else reason_words(step.reason, for_staff=True)
    moved = MOVED[step.to_state]
    title = moved[0].upper() + moved[1:]
    return {"at": step.at, "title": title, "body": reason, "actor": step.actor_name, "icon": "gift"}


def _is_single(chosen: list[str]) -> bool:
    """Tell whether one reward was decided on its own page."""
    return "single" in request.form and len(chosen) == 1


def _read_words() -> dict[str, str]:
    """Read what somebody wrote for just this person; nothing when they wrote nothing."""
    form = Form(request.form)
    words = form.text("words", longest=MOST_WORDS)
    form.accept()
    return {"words": words} if words else {}


def _decide_one(verb: Verb, text: str, reason: str, **more: str) -> Result:
    """Decide one reward in a transaction of its own, so that one refusal stops no other."""
    reward = None
    try:
        reward = lists.find_reward(text)
        if not _fits(verb, reward):
            return Result(text, reward, _unfit(verb, reward))
        with transaction():
            is_done = verb.act(reward, actor=actor(), reason=reason, at=clock.now(), **more)
    except NotFound:
        return Result(text[:40], None, "There is no such reward here.")
    except RewardMoved:
        reward = lists.find_reward(text)
        return Result(text, reward, _unfit(verb, reward))
    except Refusal as refusal:
        return Result(text, lists.find_reward(text), refusal.message)
    log.info("reward_decided", verb=verb.name, reward=reward.public_id)
    return Result(text, reward, None, ONE_OF_TWO if is_done is False else verb.done)


def _is_theirs_done(verb: Verb, reward: Reward) -> bool:
    """Tell whether this operator has approved already and only somebody else can go on."""
    return verb.name == "approve" and has_agreed(reward, actor())


def _fits(verb: Verb, reward: Reward) -> bool:
    """Tell whether a reward stands where this can be decided."""
    return {
        "approve": reward.state == RewardState.PENDING and not reward.is_held,
        "hold": reward.state in HOLDABLE and not reward.is_held,
        "release": reward.is_held,
        "retry": not reward.is_held and open_grant(reward) is not None,
        "reissue": can_be_reissued(reward),
        "extend": reward.state == RewardState.APPROVED and reward.expires_at is not None,
        "take_back": can_be_taken_back(reward) and open_grant(reward) is None,
        "deny": reward.state in HOLDABLE,
    }[verb.name]


def _unfit(verb: Verb, reward: Reward) -> str:
    """Say why this cannot be decided: the reward stands elsewhere, or was decided already."""
    if verb.name == "release":
        return "This reward is not on hold, so there is nothing to release."
    if verb.name == "retry":
        return "Nothing of this reward waits at the provider."
    if verb.name == "take_back":
        return "Only a reward that was given, with nothing under way, is taken back."
    if verb.name == "reissue":
        return "Only a reward that failed can be issued again, and only once."
    if verb.name == "extend":
        return "This reward does not expire, so there is nothing to extend."
    if reward.is_held:
        return "This reward is on hold" + (
            " already." if verb.name == "hold" else ". Release it first."
        )
    stands = MOVED[reward.state]
    if stands == verb.done:
        return f"This reward was {stands} already. Nothing was changed."
    return f"This reward was {stands} already, so it cannot be {verb.done} any more."


def _answer_one(verb: Verb, result: Result) -> Any:
    if result.reward is None:
        raise NotFound
    if result.trouble is not None:
        flash(result.trouble, "error")
    else:
        flash(f"The reward was {result.done}.", "success")
    return redirect(url_for("console.reward", reward=result.id), 303)


def _ask_again(chosen: list[str], errors: dict[str, str]) -> Any:
    if _is_single(chosen):
        return show_one(lists.find_reward(chosen[0]), errors), 422
    return _list({REASON: errors[REASON]}, tuple(chosen)), 422
