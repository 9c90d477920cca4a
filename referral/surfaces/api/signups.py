"""Signups: somebody new, whatever they brought, and the decision with its reasoning."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from referral.domain import journey
from referral.domain.attribution import Outcome, Reason, Signup, Told, TouchKind
from referral.domain.people.people import IdentityConflict
from referral.surfaces.api.contract import (
    In,
    Moment,
    MomentIn,
    Out,
    PersonId,
    ProgramId,
    Said,
    SignupId,
    TouchId,
    refuse_the_future,
)
from referral.surfaces.api.layer import Call, Kept, Resource
from referral.surfaces.api.naming import NamedPerson, minding_address
from referral.surfaces.api.people import PersonOut
from referral.surfaces.api.programs import OfferOut, UnknownProgram, program_named
from referral.surfaces.api.referrals import ReferralOut
from referral.surfaces.web.reasons import reason_words

route = Resource("Signups", "Somebody signs up, and who sent them is decided once.")


class EvidenceIn(In):
    """What the friend brought; send all you have, and it is weighed together."""

    token: Annotated[
        Said | None, Field(description="The `ref` of the landing address, or `wom_` and the same.")
    ] = None
    cookie: Annotated[Said | None, Field(description="The token your cookie kept.")] = None
    code: Annotated[Said | None, Field(description="The code they typed.")] = None
    told_by: Annotated[Said | None, Field(description="Whom they named, by name or email.")] = None

    @property
    def told(self) -> Told:
        tokens = tuple(text for text in (self.token, self.cookie) if text)
        return Told(tokens=tokens, code=self.code or None, told_by=self.told_by or None)


class SignupIn(In):
    """A signup. Without `occurred_at` it was now.

    One that is told late is weighed as of when it occurred, with the offers that were in force.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "program": "prg_01jd5e8xk2qv7m3rt9c4wbz60p",
                    "person": {
                        "external_id": "customer-1042",
                        "email": "bob@mail.example",
                        "name": "Bob Baker",
                    },
                    "evidence": {"code": "7KMPQ-2XVRJ"},
                }
            ]
        }
    )

    program: ProgramId
    person: NamedPerson
    evidence: EvidenceIn = Field(default_factory=EvidenceIn)
    occurred_at: MomentIn | None = None


class ConsideredOut(Out):
    """One piece of evidence and what became of it."""

    touch: TouchId
    kind: TouchKind
    at: Moment
    said: str
    advocate: PersonId | None
    verdict: Reason
    message: str

    @classmethod
    def of(cls, seen: dict[str, Any]) -> ConsideredOut:
        """Write a piece of evidence as it was weighed."""
        return cls(
            touch=seen["touch"],
            kind=TouchKind(seen["kind"]),
            at=seen["at"],
            said=seen["said"],
            advocate=seen["advocate"],
            verdict=Reason(seen["verdict"]),
            message=reason_words(seen["verdict"], for_staff=True),
        )


class DecisionOut(Out):
    """How the signup was decided, why, and every piece of evidence, the weightiest first."""

    outcome: Outcome
    reason: Reason
    message: str
    considered: list[ConsideredOut]

    @classmethod
    def of(cls, signup: Signup) -> DecisionOut:
        """Write a decision."""
        return cls(
            outcome=Outcome(signup.outcome),
            reason=Reason(signup.reason),
            message=reason_words(signup.reason, for_staff=True),
            considered=[ConsideredOut.of(seen) for seen in signup.considered],
        )


class SignupOut(Out):
    """The person, who sent them, and why; `offer` is what the friend gets."""

    id: SignupId
    at: Moment
    person: PersonOut
    referral: ReferralOut | None
    decision: DecisionOut
    offer: OfferOut | None


@route.post(
    "/signups",
    takes=SignupIn,
    gives=SignupOut,
    creates=True,
    refuses=(UnknownProgram, IdentityConflict),
)
def sign_up(call: Call, sent: SignupIn) -> Kept:
    """Tell us that somebody signed up, with whatever they brought.

    A signup is never refused for its evidence: the person is kept, `referral` is null, and the
    decision says why. The same person with the same evidence is decided once and answered the
    same (200).
    """
    refuse_the_future(sent.occurred_at, call.at)
    program = program_named(call, sent.program)
    identity = sent.person.identity
    with minding_address(call.business, identity, at=call.at):
        joined = journey.join(
            call.business,
            program,
            identity,
            sent.evidence.told,
            at=call.at,
            occurred_at=sent.occurred_at,
        )
    referral = ReferralOut.of(joined.referral) if joined.referral else None
    answer = SignupOut(
        id=joined.signup.public_id,
        at=joined.signup.at,
        person=PersonOut.of(joined.person),
        referral=referral,
        decision=DecisionOut.of(joined.signup),
        offer=referral.friend_offer if referral else None,
    )
    return Kept(answer, joined.is_new)
