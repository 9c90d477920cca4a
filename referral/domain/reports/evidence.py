"""What was weighed at each gate, drawn from the rows that hold it; words are not made here."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from referral.domain.attribution import Signup
from referral.domain.businesses import Business
from referral.domain.currencies import Conversion
from referral.domain.people import Person
from referral.domain.programs import Offer, Program
from referral.domain.purchases import Purchase
from referral.domain.reports.gates import Evidence, Value
from referral.domain.rewards import Grant, Hold, HoldRelease, Reward, RewardMove
from referral.domain.rewards.allowances import Scope, counts_on, taken_by
from referral.domain.rewards.amounts import Inputs
from referral.domain.rewards.approving import approvals_of
from referral.domain.rewards.falling_back import fallback_of
from referral.domain.rewards.limits import opens_at
from referral.foundation.db import session
from referral.foundation.ids import parse_public_id, public_id
from referral.foundation.money import Money, rate


def touches(signup: Signup) -> Evidence:
    """List each touch that was weighed, with whom it named and the verdict on it."""
    considered = signup.considered
    named = _names({one["advocate"] for one in considered if one["advocate"]})
    return tuple(
        (
            "touch",
            {
                "kind": one["kind"],
                "said": one["said"],
                "at": datetime.fromisoformat(one["at"]),
                "advocate": one["advocate"],
                "advocate_name": named.get(one["advocate"]),
                "verdict": one["verdict"],
            },
        )
        for one in considered
    )


def circumstances(signup: Signup) -> Evidence:
    """Say which rules and facts decided between the touches."""
    known = signup.circumstances
    since = known["friend_known_since"]
    facts: dict[str, Value] = {
        "program_is_open": known["program_is_open"],
        "among_equals": "first" if known["first_touch_wins"] else "last",
        "click_window_days": known["click_window_days"],
        "friend_known_since": datetime.fromisoformat(since) if since else None,
    }
    return (("circumstances", facts),)


def customer(friend: Person) -> tuple[str, Mapping[str, Value]]:
    """Say since when somebody is known to have been a customer, whenever that was learned."""
    return ("customer", {"since": friend.known_since})


def purchase(bought: Purchase, verdict: str | None = None) -> tuple[str, Mapping[str, Value]]:
    """Say what was paid, what of it counts, what went back, and why it does not count."""
    facts: dict[str, Value] = {
        "purchase": bought.public_id,
        "external_id": bought.external_id,
        "occurred_at": bought.occurred_at,
        "gross": Money(bought.gross_minor, bought.currency),
        "tax": Money(bought.tax_minor, bought.currency),
        "base": Money(bought.base_minor, bought.currency),
        "refunded": Money(bought.refunded_minor, bought.currency),
        "verdict": verdict,
    }
    return ("purchase", facts)


def offer(promised: Offer) -> tuple[str, Mapping[str, Value]]:
    """Say what was promised, in which version."""
    facts: dict[str, Value] = {
        "offer": promised.public_id,
        "version": promised.version,
        "side": promised.side,
        "kind": promised.kind,
        "trigger": promised.trigger,
        "amount": _money(promised.amount_minor, promised.currency),
        "rate_bp": promised.rate_bp,
        "cap": _money(promised.cap_minor, promised.currency),
        "minimum": Money(promised.minimum_minor, promised.currency),
        "times": promised.times,
        "milestone_every": promised.milestone_every,
        "milestone_at": promised.milestone_at,
    }
    return ("offer", facts)


def arithmetic(reward: Reward) -> tuple[str, Mapping[str, Value]]:
    """Show how the amount came about, from the inputs kept with the reward."""
    inputs = Inputs.read(reward.inputs)
    facts: dict[str, Value] = {
        "fixed": _money(inputs.amount_minor, reward.currency),
        "base": Money(inputs.base_minor, reward.currency),
        "place": inputs.place,
        **_conversion(inputs.conversion),
    }
    if reward.offer.gives_share_off:
        facts |= {"base": None, "rate_bp": inputs.rate_bp}
    elif inputs.rate_bp:
        exact = rate(inputs.base_minor, inputs.rate_bp, step=inputs.step_minor)
        facts |= {
            "rate_bp": inputs.rate_bp,
            "share": Money(exact, reward.currency),
            "cap": _money(inputs.cap_minor, reward.currency),
        }
    facts["given_back"] = _money(inputs.restored_minor, reward.currency)
    return ("arithmetic", facts | {"amount": reward.amount})


def _conversion(used: Conversion | None) -> dict[str, Value]:
    if used is None:
        return {}
    return {
        "paid": Money(used.amount_minor, used.currency),
        "rate": used.rate,
        "is_inverse": used.is_inverse,
        "rate_day": used.day.isoformat(),
        "rate_source": used.source,
    }


def taken_back(reward: Reward) -> Evidence:
    """Say what refunds took of a reward, where it was taken, and what became of the debt.

    Nothing when they took nothing.
    """
    if not reward.clawback_minor:
        return ()
    facts: dict[str, Value] = {
        "in_all": Money(reward.clawback_minor, reward.currency),
        "before_the_grant": Money(reward.withheld_minor, reward.currency),
        "at_the_provider": Money(reward.debited_minor, reward.currency),
        "still_owed": Money(reward.owed_minor, reward.currency),
        "settled": Money(reward.settled_minor, reward.currency),
        "forgiven": Money(reward.forgiven_minor, reward.currency),
    }
    return (("taken_back", facts),)


def holds(reward: Reward) -> Evidence:
    """List every hold of a reward: by whom and why, and who released it."""
    query = (
        select(Hold, HoldRelease)
        .outerjoin(HoldRelease, HoldRelease.hold_id == Hold.id)
        .where(Hold.reward_id == reward.id)
        .order_by(Hold.id)
    )
    return tuple(
        (
            "hold",
            {
                "kind": hold.kind,
                "reason": hold.reason,
                "by": hold.actor_name,
                "at": hold.at,
                "released_by": release.actor_name if release else None,
                "released_at": release.at if release else None,
                "release_reason": release.reason if release else None,
            },
        )
        for hold, release in session.execute(query)
    )


def approvals(reward: Reward) -> Evidence:
    """List who approved a reward and why."""
    return tuple(
        ("decision", {"by": given.actor_name, "reason": given.reason})
        for given in approvals_of(reward)
    )


def moves(reward: Reward) -> Sequence[RewardMove]:
    """List the steps of a reward's life, the first first."""
    query = select(RewardMove).where(RewardMove.reward_id == reward.id).order_by(RewardMove.id)
    return session.scalars(query).all()


def limits(reward: Reward, promised: Offer) -> Evidence:
    """Say what the program may spend and has committed, and what was taken under each cap.

    A cap of none is left out, but for what the person took in all. `opens_at` is when the limit
    that refused the reward opens again by itself.
    """
    program = session.get_one(Program, reward.program_id)
    counts = counts_on(reward.person_id, reward.household, reward.counted_on)
    taken = taken_by(reward.program_id, counts)
    zone = session.get_one(Business, reward.business_id).time_zone
    facts: dict[str, Value] = {
        "amount": reward.amount,
        "budget": _money(program.budget_minor, program.currency),
        "committed": Money(program.committed_minor, program.currency),
        "left": _money(program.left_minor, program.currency),
        "opens_at": opens_at(reward.reason, reward.counted_on, zone),
    }
    for scope in Scope:
        cap_minor = getattr(promised, f"{scope}_cap_minor")
        if cap_minor is not None or scope is Scope.PERSON:
            facts[f"{scope}_taken"] = Money(taken.get(scope, 0), program.currency)
            facts[f"{scope}_cap"] = _money(cap_minor, promised.currency)
    return (("limits", facts),)


def fallback(reward: Reward) -> Evidence:
    """Say what credit that waits for a customer becomes and when; nothing when it stays."""
    to_come = fallback_of(reward)
    return (("fallback", {"kind": to_come.kind, "at": to_come.at}),) if to_come else ()


def grants(acts: Iterable[Grant]) -> Evidence:
    """List every act at the provider: its key, how it ended, and the proof."""
    return tuple(
        (
            "grant",
            {
                "grant": act.public_id,
                "operation": act.operation,
                "attempt": act.attempt,
                "amount": Money(act.amount_minor, act.currency),
                "idempotency_key": act.idempotency_key,
                "state": act.state,
                "waits_for": act.still_waits_for,
                "object_id": act.found_as,
                "proof": act.proof,
                "first_sent_at": act.first_sent_at,
                "settled_at": act.settled_at,
                "next_try_at": act.next_try_at if act.settled_at is None else None,
                "given_up_at": act.dead_at,
                "last_error": act.last_error,
            },
        )
        for act in acts
    )


def _names(ids: set[str]) -> dict[str, str]:
    """Return what staff call the people with these public ids, in one query."""
    keys: list[uuid.UUID] = [parse_public_id(Person.prefix, text) for text in ids]
    if not keys:
        return {}
    query = select(Person).where(Person.id.in_(keys))
    return {
        public_id(Person.prefix, person.id): person.shown_name for person in session.scalars(query)
    }


def _money(amount_minor: int | None, currency: str) -> Money | None:
    return None if amount_minor is None else Money(amount_minor, currency)
