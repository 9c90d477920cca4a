"""What a person was given and what is on the way: each amount with its date and its reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask import flash, g, redirect, request, url_for
from markupsafe import Markup

from referral.domain.programs import Kind, Side
from referral.domain.reports.credit import Change, changes_of, credit_of
from referral.domain.reports.payouts import asks_where_to_send
from referral.domain.reports.portal import (
    code_given,
    gift_confirmed,
    gift_given,
    moves_of,
    own_reward,
    rewards_page,
    sums_of,
)
from referral.domain.reports.waiting import waits_of
from referral.domain.rewards import Reward, RewardState
from referral.domain.rewards.charities import charity_of
from referral.domain.rewards.credit import EntryKind
from referral.domain.rewards.gift_confirmations import show_confirmed_code
from referral.domain.rewards.gifts import show_code as reveal
from referral.domain.rewards.grants import Waiting
from referral.domain.rewards.moving import RewardMoved
from referral.foundation import clock
from referral.foundation.calendar import day_of
from referral.foundation.db import transaction
from referral.foundation.errors import Invalid
from referral.surfaces.portal.choosing import (
    CHOOSE_HERE,
    Choosing,
    choosing,
    chosen_words,
    take_choice,
)
from referral.surfaces.portal.gifts import GIFT_ENDED, TO_CHOOSE, gift_words, tone_of, why_words
from referral.surfaces.portal.pages import page
from referral.surfaces.portal.reasoning import gates_of, history_of
from referral.surfaces.web.fallbacks import came_words, soon_words
from referral.surfaces.web.reasons import entry_words, given_words, waiting_words
from referral.surfaces.web.words import day, money

_PAGE = 20
_CHANGES = 20
_ICONS = {
    EntryKind.GRANT: ("gift", "good"),
    EntryKind.REDEMPTION: ("wallet", "calm"),
    EntryKind.REVERSAL: ("receipt-refund", "good"),
    EntryKind.TAKEN_BACK: ("receipt-refund", "calm"),
    EntryKind.EXPIRY: ("hourglass", "calm"),
}


def show_all(slug: str) -> str:
    """Show a page of rewards, and what they add up to."""
    after, at = request.args.get("after"), clock.now()
    found = rewards_page(g.person.id, limit=_PAGE + 1, after=after)
    shown = found[:_PAGE]
    last = shown[-1].public_id if len(found) > _PAGE else None
    waits = waits_of(shown)
    return page(
        "rewards",
        rewards=[_line(reward, waits.get(reward.id), at=at) for reward in shown],
        sums=sums_of(g.person.id),
        asks_where=asks_where_to_send(g.person.id),
        credit=credit_of(g.person.id, at=at),
        changes=[_changed(one) for one in changes_of(g.person.id, limit=_CHANGES)],
        next_url=url_for("portal.rewards", slug=slug, after=last) if last else None,
        first_url=url_for("portal.rewards", slug=slug) if after else None,
    )


def show(slug: str, reward: str) -> str:
    """Show one reward: why it stands as it does, what comes next, and what happened."""
    return _page(own_reward(g.person.id, reward), choosing_of=choosing)


def _page(found: Reward, *, choosing_of: Callable[[Reward], Choosing | None]) -> str:
    at = clock.now()
    waits, offered = waits_of([found]).get(found.id), choosing_of(found)
    note = why_words(found, waits)
    if waits == Waiting.CHOICE and offered is None:
        note = waiting_words(Waiting.NO_CHARITY)
    elif note == TO_CHOOSE:
        note = CHOOSE_HERE
    gift = gift_given(found)
    has_ended = gift is not None and gift.has_ended(_today(at))
    if has_ended and note == given_words(Kind.GIFT):
        note = GIFT_ENDED
    return page(
        "reward",
        line=_line(found, waits, at=at),
        end=_end(found, waits, at=at),
        reward=found,
        asks_where=waits in _WHERE,
        note=note,
        code=code_given(found),
        gift=gift,
        gift_has_ended=has_ended,
        confirmed=gift_confirmed(found),
        instead=soon_words(found),
        instead_of=came_words(found),
        choosing=offered,
        chosen=chosen_words(found),
        charity=charity_of(found.id) if found.kind == Kind.CHARITY else None,
        gates=gates_of(found, at=at),
        history=history_of(found, moves_of(found)),
    )


def show_code(slug: str, reward: str) -> Any:
    """Write down that somebody looks at their gift code, and show it from then on."""
    found = own_reward(g.person.id, reward)
    with transaction():
        if gift_confirmed(found) is None:
            reveal(found, at=clock.now())
        else:
            show_confirmed_code(found, at=clock.now())
    return redirect(url_for("portal.reward", slug=slug, reward=found.public_id), 303)


def choose(slug: str, reward: str) -> Any:
    """Choose how a reward is given, and to which charity."""
    found = own_reward(g.person.id, reward)
    try:
        take_choice(found, request.form, whose=g.person.shown_name)
    except Invalid as refusal:
        again = own_reward(g.person.id, reward)
        typed, errors = request.form, refusal.fields
        return _page(again, choosing_of=lambda one: choosing(one, typed, errors)), 422
    except RewardMoved as moved:
        flash(moved.message, "warning")
    else:
        flash("Thank you. That is how you get it.", "success")
    return redirect(url_for("portal.reward", slug=slug, reward=found.public_id), 303)


def _today(at: datetime) -> date:
    """Return the day where the business is."""
    return date.fromisoformat(day_of(at, g.business.time_zone))


_WHERE = (Waiting.NO_PAYEE, Waiting.PAYEE_NOT_READY)


def _changed(change: Change) -> dict[str, object]:
    """Return one change of somebody's credit as a line of what happened."""
    symbol, tone = _ICONS[change.kind]
    amount = money(abs(change.amount.amount_minor), change.amount.currency)
    note = change.redemption.note if change.redemption else None
    return {
        "at": change.at,
        "title": f"{entry_words(change.kind)}: {amount}" + (f" · {note}" if note else ""),
        "icon": symbol,
        "tone": tone,
    }


def _line(reward: Reward, waits: str | None, *, at: datetime) -> dict[str, object]:
    """Return a reward as a list shows it."""
    return {
        "reward": reward,
        "gift": gift_words(reward),
        "is_off": tone_of(reward) == "calm",
        "title": _title(reward),
        "is_expected": _is_expected(reward, at=at),
        "why": why_words(reward, waits),
    }


def _is_expected(reward: Reward, *, at: datetime) -> bool:
    """Tell whether a day can be named: nothing else is waited for, and it has not passed."""
    is_free = not reward.is_held and not reward.awaits_staff
    return reward.state == RewardState.PENDING and is_free and reward.expected_at > at


def _end(reward: Reward, waits: str | None, *, at: datetime) -> tuple[str, str | Markup]:
    """Say when it was given or ended, or when it is expected."""
    if reward.settled_at is not None:
        is_given = reward.state == RewardState.GRANTED or reward.is_let_go
        words = "Given on" if is_given else "Ended on"
        return words, day(reward.settled_at)
    if _is_expected(reward, at=at):
        return "Expected on", day(reward.expected_at)
    if reward.is_held or (reward.awaits_staff and reward.state == RewardState.PENDING):
        return "Expected", "when somebody has looked at it"
    if waits is not None:
        return "Expected", "once what it waits for is there"
    return "Expected", "any moment"


def _title(reward: Reward) -> str:
    if reward.side == Side.FRIEND:
        return "Your welcome"
    return f"For sending {reward.referral.friend.first_name}"
