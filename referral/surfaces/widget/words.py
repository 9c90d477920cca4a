"""What a newcomer reads about the invitation they came with."""

from __future__ import annotations

from collections.abc import Sequence

from referral.domain.attribution import Reason
from referral.domain.programs import Offer, Program
from referral.domain.reports.invitation import Invitation
from referral.surfaces.web.occasions import is_afterwards
from referral.surfaces.web.promises import friend_offer_words, offer_words

_DAMAGED = "The link you followed was damaged on its way, so we cannot tell who sent you."
_PROBLEMS: dict[Reason, str] = {
    Reason.UNKNOWN_CODE: "We do not know this code.",
    Reason.UNREADABLE: _DAMAGED,
    Reason.FROM_THE_FUTURE: _DAMAGED,
    Reason.OTHER_PROGRAM: "This invitation belongs to another offer.",
    Reason.PROGRAM_CLOSED: "This offer is not open at the moment. You can sign up all the same.",
    Reason.EXPIRED: "This invitation has expired. You can sign up all the same.",
}


def heading(business: str, seen: Invitation) -> str:
    """Say whose page this is and, where it may be said, who invited."""
    if not seen.is_good:
        return f"Sign up with {business}"
    return f"{seen.inviter or 'A friend'} invited you to {business}"


def invitation(seen: Invitation) -> str:
    """Say what is wrong with an invitation; nothing when it is good or there is none."""
    return _PROBLEMS.get(seen.decision.reason, "")


def wrong_code(seen: Invitation) -> str | None:
    """Say what to do about a typed code that leads to nobody."""
    if seen.wrong_code is Reason.UNKNOWN_CODE:
        return "We do not know this code. Please correct it, or leave the field empty."
    if seen.wrong_code is Reason.OTHER_PROGRAM:
        return "This code belongs to another offer. Please leave the field empty."
    return None


def disclosure(
    program: Program, seen: Invitation, advocate: Offer | None, cautions: Sequence[str] = ()
) -> str:
    """Say what the one who invited gains by it, what is used up, and what becomes of the address.

    Where something is used up, that is said instead of the gain. A link is sent while the program
    is open; otherwise there is nothing to say.
    """
    said = list(cautions)
    if not said and seen.is_good and advocate:
        gain = offer_words(advocate, whose="their")
        said.append(f"{seen.inviter or 'Your friend'} gets {gain}.")
    if program.is_open:
        said.append(f"{program.business.name} will send your own link to this address.")
    return " ".join(said)


def thanks(business: str, seen: Invitation, friend: Offer | None) -> str:
    """Say what comes next in words that are true for everybody, known before or not."""
    if seen.is_good and friend:
        promise = friend_offer_words(friend)
        how = "It comes by itself." if is_afterwards(friend) else "No code is needed."
        return f"If you are new to {business}, you get {promise}. {how}"
    return invitation(seen)
