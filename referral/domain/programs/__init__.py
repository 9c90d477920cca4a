"""Programs, the offers they make, and what they may still spend; knows no person's reward."""

from referral.domain.programs.budget import (
    lock_program,
    reserve,
    return_to_budget,
    room_minor,
    set_budget,
)
from referral.domain.programs.kinds import Fulfilment, Kind, Side, Trigger
from referral.domain.programs.offers import (
    Offer,
    check_server,
    current_offers,
    offers_on,
    publish_offer,
    publish_rules,
)
from referral.domain.programs.programs import (
    Approval,
    Program,
    ProgramState,
    ProgramTerms,
    TouchRule,
    change_state,
    create_program,
    edit_program,
    find_program,
)
from referral.domain.programs.steps import Step
from referral.domain.programs.terms import OfferTerms

__all__ = [
    "Approval",
    "Fulfilment",
    "Kind",
    "Offer",
    "OfferTerms",
    "Program",
    "ProgramState",
    "ProgramTerms",
    "Side",
    "Step",
    "TouchRule",
    "Trigger",
    "change_state",
    "check_server",
    "create_program",
    "current_offers",
    "edit_program",
    "find_program",
    "lock_program",
    "offers_on",
    "publish_offer",
    "publish_rules",
    "reserve",
    "return_to_budget",
    "room_minor",
    "set_budget",
]
