"""The answer to "why?" as people read it: each gate's sentence and its evidence in words.

Knows an explanation and who is reading. Refuses to know how it was found out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup

from referral.domain.programs import Trigger
from referral.domain.reports.gates import Explanation, Gate, GateCode, GateName, GateState, Value
from referral.domain.rewards.operations import AT_BUSINESS, OURS
from referral.foundation.money import Money
from referral.surfaces.web.fallbacks import staff_words
from referral.surfaces.web.occasions import ordinal
from referral.surfaces.web.promises import rate_words
from referral.surfaces.web.reasons import (
    GRANTS,
    HOLDS,
    OPERATIONS,
    REASONS,
    TOUCHES,
    WAITING,
    reason_words,
    waiting_words,
)
from referral.surfaces.web.words import count, day, moment, money

Facts = Mapping[str, Any]
Pairs = list[tuple[str, str | Markup]]

NAMES: dict[GateName, str] = {
    GateName.TOUCH: "Touch",
    GateName.MATCH: "Match",
    GateName.QUALIFY: "Qualify",
    GateName.RULE: "Rule",
    GateName.HOLD: "Hold",
    GateName.BUDGET: "Budget",
    GateName.GRANT: "Grant",
}
QUESTIONS: dict[GateName, str] = {
    GateName.TOUCH: "Is there evidence that somebody recommended you?",
    GateName.MATCH: "Does it name an advocate who may be credited?",
    GateName.QUALIFY: "Did the friend do what is rewarded, in time?",
    GateName.RULE: "What does the offer promised that day give for it?",
    GateName.HOLD: "Has the wait passed, and has everybody agreed?",
    GateName.BUDGET: "Do the budget and every cap hold it?",
    GateName.GRANT: "Was it given?",
}
"""What each gate asks, said where it was not reached."""
CODES: dict[GateCode, str] = {
    GateCode.FOUND: "There is evidence of a recommendation.",
    GateCode.SIGNED_UP: "The signup itself is rewarded, and it happened.",
    GateCode.BOUGHT: "A purchase counts for this referral.",
    GateCode.NO_PURCHASE: "The friend has not bought anything yet.",
    GateCode.NO_OFFER: "The program had no offer for this side on the day of the referral.",
    GateCode.AS_PROMISED: "The offer promised that day applies.",
    GateCode.MILESTONE_REACHED: "With this friend the milestone was reached.",
    GateCode.COUNTED: "The friend is counted. The milestone is not reached with them.",
    GateCode.STANDS_LATER: "Counted once the hold has passed, if the purchase stands then.",
    GateCode.BEING_COUNTED: "The purchase counts; the reward is being worked out.",
    GateCode.NOTHING_TO_WAIT_FOR: "There is no purchase to wait for.",
    GateCode.HOLD_PERIOD: "The reward waits until returns are no longer possible.",
    GateCode.BEING_APPROVED: "The wait is over; the reward is approved within moments.",
    GateCode.AWAITS_STAFF: "The wait is over. Somebody on your team must approve the reward.",
    GateCode.AWAITS_TWO: "The wait is over. Two people on your team must approve the reward.",
    GateCode.AWAITS_SECOND: "One person has approved it. Somebody else must approve it too.",
    GateCode.HELD: "The reward is on hold. It goes on when somebody releases it.",
    GateCode.APPROVED: "The wait passed without a refund, and the reward was approved.",
    GateCode.APPROVED_BY_STAFF: "Approved by your team.",
    GateCode.DENIED: "Denied by your team.",
    GateCode.CANCELLED: "The reward was cancelled before it was granted.",
    GateCode.RESERVED: "The amount was set aside within the budget and every cap.",
    GateCode.PLANNED: "The grant is next in line.",
    GateCode.SENDING: "Sent; the answer is awaited.",
    GateCode.GRANTED: "It was given.",
    GateCode.FAILED: "It was refused for good, so nothing was given.",
    GateCode.ISSUED_AGAIN: "It was refused for good. Another reward has taken its place.",
    GateCode.EXPIRED: "Its person did not take it in time, so it has ended.",
    GateCode.TAKEN_BACK: "Taken back by your team.",
    GateCode.LET_GO: "All of it was to go back. What could not be taken was let go and is kept.",
}
_TRIGGERS: dict[str, str] = {
    Trigger.SIGNUP: "The friend's signup",
    Trigger.FIRST_PURCHASE: "The friend's first purchase",
    Trigger.PURCHASE: "Purchases of the friend",
    Trigger.RENEWAL: "Renewals of the friend's subscription",
    Trigger.MILESTONE: "So many friends who bought something",
}
_TAKEN: dict[str, str] = {
    "person": "Taken by this person",
    "day": "Taken by this person that day",
    "month": "Taken by this person that month",
    "household": "Taken by this household",
}
_NEXT: dict[str, str] = {
    GateCode.HOLD_PERIOD: "It is looked at again on",
    GateCode.PLANNED: "It is tried next at",
}


def gate_items(explanation: Explanation) -> list[dict[str, Any]]:
    """Return the gates as the page's macro takes them, in words for staff."""
    answering = explanation.stands_at
    return [{**_item(gate), "is_open": gate is answering} for gate in explanation.gates]


def in_short(explanation: Explanation) -> str:
    """Return the one sentence that answers the question."""
    return gate_words(explanation.stands_at)


def gate_words(gate: Gate) -> str:
    """Say for staff why a gate stands as it does."""
    if gate.code == GateCode.NOT_REACHED:
        return QUESTIONS[gate.name]
    if gate.code in WAITING and gate.name is GateName.GRANT:
        return waiting_words(gate.code, for_staff=True)
    if gate.code in CODES and gate.name is GateName.GRANT:
        return CODES[GateCode(gate.code)]  # A signup may have "expired" too, of something else.
    if gate.code in REASONS:
        return reason_words(gate.code, for_staff=True)
    return CODES[GateCode(gate.code)]


def _item(gate: Gate) -> dict[str, Any]:
    return {
        "name": NAMES[gate.name],
        "state": "later" if gate.code == GateCode.NOT_REACHED else gate.state.value,
        "reason": gate_words(gate),
        "at": gate.at,
        "next": _next(gate),
        "evidence": [pair for label, facts in gate.evidence for pair in _WRITERS[label](facts)],
    }


def _next(gate: Gate) -> str | Markup | None:
    if gate.state is not GateState.WAITING or gate.next_at is None:
        return None
    if gate.code == GateCode.STANDS_LATER:
        return Markup("The friend is looked at on {}.").format(day(gate.next_at))
    if gate.name in (GateName.QUALIFY, GateName.RULE):
        return Markup("A purchase counts until {}.").format(day(gate.next_at))
    words = _NEXT.get(gate.code, "It is tried again at")
    shown = day(gate.next_at) if gate.code == GateCode.HOLD_PERIOD else moment(gate.next_at)
    return Markup("{} {}.").format(words, shown)


def _touch(facts: Facts) -> Pairs:
    named = facts["advocate_name"] or "nobody"
    verdict = reason_words(facts["verdict"], for_staff=True)
    words = Markup("“{}” of {}, {}. {}").format(facts["said"], named, moment(facts["at"]), verdict)
    return [(TOUCHES[facts["kind"]], words)]


def _circumstances(facts: Facts) -> Pairs:
    return [
        ("Program", "Open" if facts["program_is_open"] else "Not open"),
        ("Among equals", f"The {facts['among_equals']} touch wins"),
        ("Click window", f"{facts['click_window_days']} days"),
        ("Customer since", _shown(facts["friend_known_since"]) or "Not known as a customer then"),
    ]


def _customer(facts: Facts) -> Pairs:
    return [("Customer since", _shown(facts["since"]) or "It was not kept")]


def _purchase(facts: Facts) -> Pairs:
    pairs: Pairs = [
        ("Purchase", Markup("{}, {}").format(facts["external_id"], moment(facts["occurred_at"]))),
        ("Paid", f"{money(facts['gross'])} with {money(facts['tax'])} tax"),
        ("Counts", money(facts["base"])),
    ]
    if facts["refunded"].amount_minor:
        pairs.append(("Refunded, or lost in a dispute", money(facts["refunded"])))
    if facts["verdict"]:
        pairs.append(("Verdict", reason_words(facts["verdict"], for_staff=True)))
    return pairs


def _offer(facts: Facts) -> Pairs:
    pairs: Pairs = [
        ("Offer", f"Version {facts['version']} for the {facts['side']}: {_worth(facts)}"),
        ("For", _TRIGGERS[facts["trigger"]]),
    ]
    if facts["times"]:
        pairs.append(("At most", f"{count(facts['times'], 'time')} for each friend"))
    if facts["milestone_every"]:
        pairs.append(("Milestone", f"Every {count(facts['milestone_every'], 'friend')}"))
    if facts["milestone_at"]:
        pairs.append(("Milestone", f"The {ordinal(facts['milestone_at'])} friend"))
    if facts["minimum"].amount_minor:
        pairs.append(("Smallest purchase", money(facts["minimum"])))
    return pairs


def _worth(facts: Facts) -> str:
    if facts["amount"]:
        return money(facts["amount"])
    return rate_words(facts["rate_bp"]) if facts["rate_bp"] else "a thank-you in words"


def _place(facts: Facts) -> Pairs:
    return [("Friend", f"The {ordinal(facts['place'])} of this advocate who counts")]


def _arithmetic(facts: Facts) -> Pairs:
    if facts["given_back"] and facts["given_back"].amount_minor:
        return [("Given back, because a refund failed", money(facts["given_back"]))]
    pairs: Pairs = []
    if facts.get("place"):
        pairs += _place(facts)
    if facts.get("paid") is not None:
        pairs.append(("Converted", _conversion_words(facts)))
    if facts["fixed"] is not None:
        return [*pairs, ("Amount", money(facts["amount"]))]
    if not facts.get("rate_bp"):
        return pairs  # A thank-you in words is worth no money.
    rate = rate_words(facts["rate_bp"])
    if facts["base"] is None:
        return [*pairs, ("Worth", f"{rate} of what it is used for: known when that is paid")]
    sum_words = f"{rate} of {money(facts['base'])} = {money(facts['share'])}"
    if facts["cap"] is not None:
        sum_words += f", at most {money(facts['cap'])}"
    return [*pairs, ("Worked out", sum_words), ("Amount", money(facts["amount"]))]


def _conversion_words(facts: Facts) -> str:
    """Such as "US$100.00 × 0.9231 = €92.31, rate of 20 Nov 2026 from ECB"."""
    sign = "÷" if facts["is_inverse"] else "×"
    sum_words = f"{money(facts['paid'])} {sign} {facts['rate']} = {money(facts['base'])}"
    return f"{sum_words}, rate of {facts['rate_day']} from {facts['rate_source']}"


def _taken_back(facts: Facts) -> Pairs:
    said = {
        "in_all": "Taken back in all",
        "before_the_grant": "Kept back before the grant",
        "at_the_provider": "Taken back after the grant",
        "still_owed": "Could not be taken back",
        "settled": "Of that, settled by later rewards",
        "forgiven": "Of that, let go",
    }
    return [(said[key], money(sum_)) for key, sum_ in facts.items() if sum_.amount_minor]


def _terms(facts: Facts) -> Pairs:
    return [("Waits", f"{facts['hold_days']} days, until the refund policy ends")]


def _hold(facts: Facts) -> Pairs:
    placed = Markup("{} by {}, {}").format(facts["reason"], facts["by"], moment(facts["at"]))
    pairs: Pairs = [(HOLDS[facts["kind"]], placed)]
    if facts["released_at"]:
        words = Markup("{} by {}, {}").format(
            facts["release_reason"], facts["released_by"], moment(facts["released_at"])
        )
        pairs.append(("Released", words))
    return pairs


def _decision(facts: Facts) -> Pairs:
    return [("Decided by", facts["by"]), ("Reason", reason_words(facts["reason"], for_staff=True))]


def _taking(facts: Facts) -> Pairs:
    return [("Reason", facts["reason"])]


def _fallback(facts: Facts) -> Pairs:
    return [("Given instead", staff_words(facts["kind"], facts["at"]))]


def _limits(facts: Facts) -> Pairs:
    pairs: Pairs = [("This reward", money(facts["amount"]))]
    if facts["budget"] is None:
        pairs.append(("Budget", "No limit"))
    else:
        pairs.append(("Budget", f"{money(facts['budget'])}, now {money(facts['left'])} left"))
    for scope, words in _TAKEN.items():
        if f"{scope}_taken" in facts:
            cap = facts[f"{scope}_cap"]
            limit = f"of at most {money(cap)}" if cap else "no limit for one person"
            pairs.append((words, f"{money(facts[f'{scope}_taken'])}, {limit}"))
    if facts["opens_at"]:
        pairs.append(("The next counts", Markup("from {}").format(moment(facts["opens_at"]))))
    return pairs


def _grant(facts: Facts) -> Pairs:
    head = f"{OPERATIONS[facts['operation']]}, attempt {facts['attempt']}"
    state = GRANTS[facts["state"]]
    if facts["waits_for"]:
        state += f". {waiting_words(facts['waits_for'], for_staff=True)}"
    worth = f"{money(facts['amount'])}. " if facts["amount"].amount_minor else ""
    pairs: Pairs = [(head, f"{worth}{state}")]
    named = (
        (_object_words(facts["operation"]), "object_id"),
        ("Idempotency key", "idempotency_key"),
        ("Proof", "proof"),
        ("Last trouble", "last_error"),
        ("First sent", "first_sent_at"),
        ("Settled", "settled_at"),
        ("Given up", "given_up_at"),
    )
    told = (None, "", facts["waits_for"])
    return pairs + [
        (words, _shown(facts[key]) or "") for words, key in named if facts[key] not in told
    ]


def _object_words(operation: str) -> str:
    if operation in AT_BUSINESS:
        return "Your reference"
    return "Kept here as" if operation in OURS else "Object at Stripe"


def _shown(value: Value) -> str | Markup | None:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Money):
        return money(value)
    return None if value is None else str(value)


_WRITERS: dict[str, Callable[[Facts], Pairs]] = {
    "touch": _touch,
    "circumstances": _circumstances,
    "customer": _customer,
    "purchase": _purchase,
    "offer": _offer,
    "arithmetic": _arithmetic,
    "place": _place,
    "taken_back": _taken_back,
    "terms": _terms,
    "hold": _hold,
    "decision": _decision,
    "taking": _taking,
    "fallback": _fallback,
    "limits": _limits,
    "grant": _grant,
}
