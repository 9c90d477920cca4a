"""`GET /console`: what came in, what needs somebody, and what it added up to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import g, url_for
from markupsafe import Markup

from referral.domain.attribution import Outcome, Signup
from referral.domain.businesses import StripeConnection
from referral.domain.programs import Program
from referral.domain.reports import overview
from referral.domain.reports.console import programs
from referral.domain.rewards import Reward, RewardMove
from referral.domain.rewards.grants import Waiting
from referral.domain.rewards.recovering import recovery_of
from referral.foundation import clock
from referral.foundation.db import session
from referral.surfaces.console import books, reconciliation
from referral.surfaces.console.frame import page
from referral.surfaces.console.work import dead_work
from referral.surfaces.web.promises import reward_words
from referral.surfaces.web.reasons import WAITING, reason_words
from referral.surfaces.web.words import count, moment, money, short_day

DAYS = 30
_LATELY = 10
_TRIED_AGAIN = (
    Waiting.PROVIDER_DOWN,
    Waiting.MISCONFIGURED,
    Waiting.REFUSED,
    Waiting.OUTCOME_UNKNOWN,
    Waiting.ENDPOINT_AWAY,
    Waiting.ENDPOINT_REFUSES,
    Waiting.CONFIRMATION,
)
_MOVES = {
    "earned": ("earned", "", "info"),
    "granted": ("was given", "", "good"),
    "reversed": ("had", " taken back", "bad"),
    "denied": ("was denied", "", "bad"),
    "cancelled": ("had", " cancelled", "calm"),
    "failed": ("could not be given", "", "bad"),
}


def show() -> str:
    """Show the first page an operator sees."""
    at = clock.now()
    first = (at - timedelta(days=DAYS - 1)).date()
    counted = overview.referrals_by_day(first, DAYS)
    connected = session.query(StripeConnection.id).filter_by(business_id=g.business.id).first()
    return page(
        "overview",
        needs=_needs() + books.needs(at) + reconciliation.need(),
        month=overview.since(at - timedelta(days=DAYS)),
        days=DAYS,
        friends=[(short_day(one), number) for one, number in counted],
        has_friends=any(number for _, number in counted),
        lately=_lately(),
        has_program=bool(programs()),
        is_connected=connected is not None,
    )


def _needs() -> list[dict[str, Any]]:
    """List what waits for somebody, each with where to go."""
    found = overview.needs()
    lines = [
        (found.approval, "waiting for your approval", "rewards", "awaiting", "user-check"),
        (found.held, "on hold", "rewards", "held", "hand-stop"),
        (found.failed, "that could not be given", "rewards", "failed", "alert-triangle"),
    ]
    needs: list[dict[str, Any]] = [
        {
            "number": number,
            "words": ("reward " if number == 1 else "rewards ") + words,
            "url": url_for(f"console.{endpoint}", show=show),
            "icon": symbol,
        }
        for number, words, endpoint, show, symbol in lines
        if number
    ]
    needs += [
        {
            "number": waits.number,
            "words": _waiting_words(reason, waits),
            "url": url_for("console.rewards", show="waiting"),
            "icon": "hourglass",
        }
        for reason, waits in found.waiting.items()
    ]
    if found.unrated:
        words = "purchase waits" if found.unrated == 1 else "purchases wait"
        needs.append(
            {
                "number": found.unrated,
                "words": f"{words} for an exchange rate",
                "url": url_for("console.rates"),
                "icon": "hourglass",
            }
        )
    needs += [
        {
            "number": free,
            "words": f"{'code' if free == 1 else 'codes'} left in {stock.name}",
            "url": url_for("console.gift_stock", stock=stock.public_id),
            "icon": "ticket",
        }
        for stock, free in overview.low_stocks(clock.now().date())
    ]
    needs += _looking() + _budgets()
    dead = len(dead_work())
    if dead:
        words = "piece of work was given up" if dead == 1 else "pieces of work were given up"
        needs.append(
            {"number": dead, "words": words, "url": url_for("console.work"), "icon": "zzz"}
        )
    return needs


def _looking() -> list[dict[str, Any]]:
    """Tell that every reward is looked for at Stripe before it is sent, and what keeps it so."""
    recovery = recovery_of(g.business.id)
    if recovery is None:
        return []
    ends = "It ends by itself after a day, when all that is there is known."
    if recovery.unknown:
        number = len(recovery.unknown)
        ends = f"{count(number, 'object')} there {'is' if number == 1 else 'are'} not known here."
    words = Markup("Each reward is looked for at Stripe before it is sent, since {}. {}").format(
        moment(recovery.began_at), ends
    )
    return [{"number": None, "words": words, "url": url_for("console.stripe"), "icon": "search"}]


def _budgets() -> list[dict[str, Any]]:
    """Tell of programs that refuse new rewards because their budget holds no more."""
    return [
        {
            "number": None,
            "words": _budget_words(program),
            "url": url_for("console.program", program=program.public_id),
            "icon": "wallet",
        }
        for program in overview.short_of_budget()
    ]


def _budget_words(program: Program) -> str:
    if program.budget_minor is None:
        so_far = money(program.committed_minor, program.currency)
        return (
            f"{program.name}: {so_far} is promised or given, and more cannot be added up in one "
            "program. Another reward is refused: open a new program for what is to come."
        )
    said = "the budget is used up"
    if program.left_minor:
        left = money(program.left_minor, program.currency)
        said = f"{left} of the budget is left, too little for another reward"
    return f"{program.name}: {said}. What it does not hold is refused until it is raised."


def _waiting_words(reason: str, waits: overview.Waits) -> str | Markup:
    """Say what rewards wait for and, where only another try can tell, when that comes."""
    wait = "reward waits" if waits.number == 1 else "rewards wait"
    said = f"{wait} to be given. {WAITING[reason].staff}"
    if reason not in _TRIED_AGAIN or waits.next_at is None:
        return said
    return Markup("{} The next try is at {}.").format(said, moment(waits.next_at))


def _lately() -> list[dict[str, Any]]:
    """Tell what happened lately, the newest first; of one moment, what followed stands above."""
    told = [(one.at, one.id, _of_signup(one)) for one in overview.latest_signups()]
    told += [(step.at, step.id, _of_move(step, one)) for step, one in overview.latest_moves()]
    told.sort(key=lambda one: one[:2], reverse=True)
    return [words for _, _, words in told[:_LATELY]]


def _of_signup(signup: Signup) -> dict[str, Any]:
    name = signup.person.shown_name
    if signup.referral is not None and signup.outcome == Outcome.REFERRED:
        title, tone = f"{name} signed up, sent by {signup.referral.advocate.shown_name}", "good"
    elif signup.outcome == Outcome.REFUSED:
        title, tone = f"{name} signed up; nobody was credited", "wait"
    else:
        title, tone = f"{name} signed up", "calm"
    refused = signup.outcome == Outcome.REFUSED
    return {
        "at": signup.at,
        "title": title,
        "body": reason_words(signup.reason, for_staff=True) if refused else None,
        "icon": "user-check",
        "tone": tone,
        "url": url_for("console.why", subject=signup.public_id),
    }


def _of_move(step: RewardMove, reward: Reward) -> dict[str, Any]:
    name, worth = reward.person.shown_name, reward_words(reward)
    before, words, tone = _MOVES[step.to_state if step.from_state else "earned"]
    return {
        "at": step.at,
        "title": f"{name} {before} {worth}{words}",
        "icon": "gift",
        "tone": tone,
        "actor": step.actor_name if step.actor_kind == "operator" else None,
        "url": url_for("console.reward", reward=reward.public_id),
    }
