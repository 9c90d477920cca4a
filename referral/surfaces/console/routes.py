"""The addresses of this surface, and the least role each demands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Blueprint

from referral.domain.businesses import Role
from referral.domain.businesses.team import at_least
from referral.surfaces.console import (
    account,
    audit,
    books,
    budgets,
    charities,
    confirming,
    credit,
    endpoint,
    frame,
    gifts,
    keys,
    ledger,
    offers,
    overview,
    payouts,
    people,
    programs,
    rates,
    reconciliation,
    referrals,
    rewards,
    settings,
    setup,
    sign_in,
    stripe,
    stripe_health,
    team,
    totals,
    work,
)
from referral.surfaces.web.limits import business_key, limit, limiter
from referral.surfaces.web.policy import Need

console = Blueprint("console", __name__, url_prefix="/console")
console.context_processor(frame.around)

ANYBODY = Need.public()
SEE, HOLD, PAY, RUN, OWN = (
    Need.operator(*at_least(role))
    for role in (Role.VIEWER, Role.SUPPORT, Role.FINANCE, Role.MANAGER, Role.OWNER)
)


by_network = limiter.shared_limit(lambda: limit("60 per 15 minutes"), scope="console")
by_account = limiter.limit(lambda: limit("10 per 15 minutes"), key_func=sign_in.account_key)
by_tester = limiter.limit(lambda: limit("5 per minute"), key_func=business_key)
by_operator = limiter.limit(lambda: limit("8 per hour"), key_func=sign_in.pending_key)


class Route(NamedTuple):
    """One address: its method, its path, its name, its view, and who may open it."""

    method: str
    path: str
    name: str
    view: Callable[..., Any]
    need: Need


ROUTES = [
    Route("GET", "/sign-in", "sign_in", sign_in.show, ANYBODY),
    Route("POST", "/sign-in", "sign_in_try", by_network(by_account(sign_in.try_password)), ANYBODY),
    Route("GET", "/sign-in/code", "second_step", sign_in.show_second, ANYBODY),
    Route(
        "POST",
        "/sign-in/code",
        "second_step_try",
        by_network(by_operator(sign_in.try_second)),
        ANYBODY,
    ),
    Route("POST", "/sign-out", "sign_out", sign_in.leave, ANYBODY),
    Route("GET", "/set-up/<token>", "setup", setup.show_password, ANYBODY),
    Route("POST", "/set-up/<token>", "setup_password", by_network(setup.choose_password), ANYBODY),
    Route(
        "GET",
        "/set-up/<token>/authenticator",
        "setup_authenticator",
        setup.show_authenticator,
        ANYBODY,
    ),
    Route(
        "POST",
        "/set-up/<token>/authenticator",
        "setup_confirm",
        by_network(setup.confirm_authenticator),
        ANYBODY,
    ),
    Route("GET", "", "overview", overview.show, SEE),
    Route("GET", "/work", "work", work.show, SEE),
    Route("POST", "/work/<kind>/<uuid:key>/retry", "work_retry", work.try_again, RUN),
    Route("GET", "/rewards", "rewards", rewards.show_all, SEE),
    Route("GET", "/rewards/<reward>", "reward", rewards.show, SEE),
    Route("POST", "/rewards/approve", "approve", rewards.decide("approve"), PAY),
    Route("POST", "/rewards/deny", "deny", rewards.decide("deny"), PAY),
    Route("POST", "/rewards/extend", "extend", rewards.decide("extend"), HOLD),
    Route("POST", "/rewards/hold", "hold", rewards.decide("hold"), HOLD),
    Route("POST", "/rewards/retry", "retry", rewards.decide("retry"), PAY),
    Route("POST", "/rewards/take_back", "take_back", rewards.decide("take_back"), PAY),
    Route("POST", "/rewards/reissue", "reissue", rewards.decide("reissue"), PAY),
    Route("POST", "/rewards/release", "release", rewards.decide("release"), HOLD),
    Route("POST", "/rewards/<reward>/gift", "reward_gift", confirming.confirm, RUN),
    Route("GET", "/payouts", "payouts", payouts.show, SEE),
    Route("GET", "/debts", "debts", payouts.show_debts, SEE),
    Route("GET", "/payouts/totals", "payout_totals", totals.show, SEE),
    Route("POST", "/payouts/totals", "payout_totals_export", totals.export, PAY),
    Route("POST", "/payouts/forms", "form_keep", totals.keep, PAY),
    Route("POST", "/debts/<reward>/forgive", "debt_forgive", payouts.forgive, PAY),
    Route("GET", "/referrals", "referrals", referrals.show_all, SEE),
    Route("GET", "/why/<subject>", "why", referrals.why, SEE),
    Route("GET", "/people", "people", people.show_all, SEE),
    Route("GET", "/people/<person>", "person", people.show, SEE),
    Route("POST", "/people/<person>/links", "person_link", people.give_link, HOLD),
    Route("POST", "/people/<person>/credit", "person_redeem", credit.spend, HOLD),
    Route("POST", "/redemptions/<redemption>/reverse", "person_redemption_undo", credit.undo, PAY),
    Route(
        "POST",
        "/redemptions/<redemption>/counter-reverse",
        "person_counter_undo",
        credit.undo_at_counter,
        HOLD,
    ),
    Route("GET", "/programs", "programs", programs.show_all, SEE),
    Route("GET", "/programs/<program>", "program", programs.show, SEE),
    Route("GET", "/programs/new", "program_new", programs.show_new, RUN),
    Route("POST", "/programs/new", "program_create", programs.create, RUN),
    Route("GET", "/programs/<program>/edit", "program_edit", programs.show_edit, RUN),
    Route("POST", "/programs/<program>/edit", "program_save", programs.edit, RUN),
    Route("POST", "/programs/<program>/state", "program_move", programs.move, RUN),
    Route("GET", "/programs/<program>/budget", "budget", budgets.show, RUN),
    Route("POST", "/programs/<program>/budget", "budget_set", budgets.change, RUN),
    Route("GET", "/programs/<program>/offers/<side>", "offer", offers.show, RUN),
    Route("POST", "/programs/<program>/offers/<side>", "offer_publish", offers.publish, RUN),
    Route("GET", "/books", "books", books.show, SEE),
    Route("POST", "/books/audit", "books_audit", books.audit_now, PAY),
    Route("GET", "/gifts", "gifts", gifts.show_all, SEE),
    Route("GET", "/gifts/new", "gift_new", gifts.show_new, RUN),
    Route("POST", "/gifts/new", "gift_open", gifts.open_new, RUN),
    Route("GET", "/gifts/<stock>", "gift_stock", gifts.show, SEE),
    Route("POST", "/gifts/<stock>/codes", "gift_codes", gifts.add_codes, RUN),
    Route("POST", "/gifts/<stock>/warning", "gift_warning", gifts.change_warning, RUN),
    Route("GET", "/charities", "charities", charities.show, SEE),
    Route("POST", "/charities", "charity_add", charities.add, RUN),
    Route("POST", "/charities/donations", "donations_export", charities.export, PAY),
    Route("POST", "/charities/<charity>/state", "charity_state", charities.change, RUN),
    Route("POST", "/charities/<charity>/payments", "charity_paid", charities.pay, PAY),
    Route("GET", "/ledger", "ledger", ledger.show, PAY),
    Route("GET", "/ledger/accounts/<uuid:key>", "ledger_account", ledger.show_account, PAY),
    Route(
        "POST", "/ledger/accounts/<uuid:key>", "ledger_account_export", ledger.export_account, PAY
    ),
    Route("GET", "/ledger/movements/<uuid:key>", "ledger_movement", ledger.show_movement, PAY),
    Route("GET", "/ledger/people/<person>", "ledger_person", ledger.show_person, PAY),
    Route("POST", "/ledger/people/<person>", "ledger_person_export", ledger.export_person, PAY),
    Route(
        "POST", "/ledger/people/<person>/sums", "ledger_person_sums", ledger.export_person_sums, PAY
    ),
    Route("GET", "/ledger/programs/<program>", "ledger_program", ledger.show_program, PAY),
    Route(
        "POST", "/ledger/programs/<program>", "ledger_program_export", ledger.export_program, PAY
    ),
    Route(
        "POST",
        "/ledger/programs/<program>/sums",
        "ledger_program_sums",
        ledger.export_program_sums,
        PAY,
    ),
    Route(
        "GET",
        "/ledger/programs/<program>/accounts/<name>",
        "ledger_holders",
        ledger.show_holders,
        PAY,
    ),
    Route("GET", "/reconciliation", "reconciliation", reconciliation.show, PAY),
    Route("POST", "/reconciliation", "reconciliation_start", reconciliation.compare_now, PAY),
    Route("POST", "/reconciliation/export", "reconciliation_export", reconciliation.export, PAY),
    Route("GET", "/settings", "settings", settings.show, SEE),
    Route("POST", "/settings/time-zone", "time_zone", settings.change_time_zone, RUN),
    Route("POST", "/settings/sites", "site_add", settings.add, RUN),
    Route("POST", "/settings/sites/<uuid:site>/remove", "site_remove", settings.remove, RUN),
    Route("GET", "/settings/keys", "keys", keys.show, SEE),
    Route("POST", "/settings/keys", "key_issue", keys.issue, RUN),
    Route("POST", "/settings/keys/<uuid:key>/revoke", "key_revoke", keys.revoke, RUN),
    Route("GET", "/settings/rates", "rates", rates.show, SEE),
    Route("POST", "/settings/rates", "rate_add", rates.add, PAY),
    Route("GET", "/settings/stripe", "stripe", stripe.show, SEE),
    Route("GET", "/settings/stripe/health", "stripe_health", stripe_health.show, SEE),
    Route("POST", "/settings/stripe", "stripe_connect", stripe.connect, OWN),
    Route("GET", "/settings/gift-server", "endpoint", endpoint.show, SEE),
    Route("POST", "/settings/gift-server", "endpoint_set", endpoint.change, OWN),
    Route("POST", "/settings/gift-server/secret", "endpoint_rotate", endpoint.rotate, OWN),
    Route("POST", "/settings/gift-server/remove", "endpoint_remove", endpoint.remove, OWN),
    Route("POST", "/settings/gift-server/test", "endpoint_test", by_tester(endpoint.try_it), RUN),
    Route("GET", "/settings/team", "team", team.show, SEE),
    Route("POST", "/settings/team", "team_invite", team.add, OWN),
    Route("POST", "/settings/team/<operator>/invite", "team_again", team.invite_again, OWN),
    Route("POST", "/settings/team/<operator>/role", "team_role", team.change, OWN),
    Route("POST", "/settings/team/<operator>/remove", "team_remove", team.remove, OWN),
    Route("GET", "/audit", "audit", audit.show, SEE),
    Route("GET", "/account", "account", account.show, SEE),
    Route("POST", "/account/name", "account_name", account.change_name, SEE),
    Route(
        "POST", "/account/password", "account_password", by_network(account.change_password), SEE
    ),
    Route("POST", "/account/recovery-codes", "account_codes", by_network(account.renew_codes), SEE),
    Route("POST", "/account/business", "switch", account.switch, SEE),
]

for _route in ROUTES:
    console.add_url_rule(_route.path, _route.name, _route.view, methods=[_route.method])
