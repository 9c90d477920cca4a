"""What each role may do, in words: which role it is comes from the policy and from nowhere else."""

from __future__ import annotations

from referral.domain.businesses import Role
from referral.domain.businesses.team import LADDER, at_least
from referral.surfaces.web.policy import declared

RIGHTS: dict[str, tuple[str, ...]] = {
    "sees people, referrals, rewards, payouts, debts, programs, gifts, charities, whether the books"
    " are right, settings, team and record": (
        "overview", "work", "rewards", "reward", "payouts", "debts", "payout_totals", "referrals",
        "why", "people", "person", "programs", "program", "books", "gifts", "gift_stock",
        "charities", "settings", "keys", "rates", "stripe", "stripe_health", "endpoint", "team",
        "audit",
    ),
    "changes nothing but their own account": (
        "account", "account_name", "account_password", "account_codes", "switch",
    ),
    "holds and releases rewards": ("hold", "release"),
    "gives longer to take one": ("extend",),
    "gives people links": ("person_link",),
    "takes store credit at the counter, and gives back what was taken there": (
        "person_redeem", "person_counter_undo",
    ),
    "approves and denies rewards": ("approve", "deny"),
    "tries them now, issues failed ones again and takes given ones back": (
        "retry", "reissue", "take_back",
    ),
    "gives back store credit that your server took": ("person_redemption_undo",),
    "forgives debts": ("debt_forgive",),
    "puts tax forms on file": ("form_keep",),
    "marks donations as paid": ("charity_paid",),
    "enters exchange rates": ("rate_add",),
    "reads the ledger and the comparison with Stripe": (
        "ledger", "ledger_account", "ledger_movement", "ledger_person", "ledger_program",
        "ledger_holders", "reconciliation",
    ),
    "has the books checked or compared at once": ("books_audit", "reconciliation_start"),
    "downloads the books, totals and donations": (
        "ledger_account_export", "ledger_person_export", "ledger_person_sums",
        "ledger_program_export", "ledger_program_sums", "reconciliation_export",
        "payout_totals_export", "donations_export",
    ),
    "runs programs with their offers and budgets": (
        "program_new", "program_create", "program_edit", "program_save", "program_move",
        "budget", "budget_set", "offer", "offer_publish",
    ),
    "adds gift codes": ("gift_new", "gift_open", "gift_codes", "gift_warning"),
    "says what became of a gift": ("reward_gift",),
    "tries out the gift server": ("endpoint_test",),
    "says which charities can be chosen": ("charity_add", "charity_state"),
    "makes and revokes API keys": ("key_issue", "key_revoke"),
    "changes sites and the time zone": ("site_add", "site_remove", "time_zone"),
    "tries given-up work again": ("work_retry",),
    "runs the team": ("team_invite", "team_again", "team_role", "team_remove"),
    "connects Stripe": ("stripe_connect",),
    "sets up the gift server": ("endpoint_set", "endpoint_rotate", "endpoint_remove"),
}  # fmt: skip
"""Every right in words, and the routes it opens: all of one right have the same need."""


def rights_in_words() -> dict[Role, str]:
    """Say for each role what it may do beyond the roles before it."""
    return {role: _sentence(role) for role in LADDER}


def _sentence(role: Role) -> str:
    table = declared()
    opened = [
        words
        for words, names in RIGHTS.items()
        if table[f"console.{names[0]}"].roles == at_least(role)
    ]
    said = "; ".join(opened)
    return f"{said[:1].upper()}{said[1:]}." if role == LADDER[0] else f"Also {said}."
