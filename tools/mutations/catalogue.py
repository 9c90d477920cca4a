"""The lines that are broken, what each becomes, and the tests that must notice."""

from __future__ import annotations

from dataclasses import dataclass

DOMAIN, WORKER = "referral/domain", "referral/worker"


@dataclass(frozen=True)
class Mutation:
    """One line of one file, broken; `text` stands in the file exactly once.

    `tests` are pytest's names of files, or of single tests, that pass as long as it is whole.
    """

    what: str
    file: str
    text: str
    becomes: str
    tests: tuple[str, ...]


MUTATIONS = (
    Mutation(
        "a reward moves wherever it stands by now",
        f"{DOMAIN}/rewards/moving.py",
        ".where(Reward.id == reward.id, Reward.state == before)",
        ".where(Reward.id == reward.id)",
        ("tests/domain/test_guarded_moves.py",),
    ),
    Mutation(
        "a reward moves though something holds it",
        f"{DOMAIN}/rewards/moving.py",
        "        statement = statement.where(Reward.open_holds == 0)\n",
        "        statement = statement.where(Reward.open_holds >= 0)\n",
        ("tests/domain/test_guarded_moves.py",),
    ),
    Mutation(
        "a cap refuses its last unit (< for <=)",
        f"{DOMAIN}/rewards/allowances.py",
        "Allowance.taken_minor + amount_minor <= cap_minor",
        "Allowance.taken_minor + amount_minor < cap_minor",
        ("tests/domain/test_edges.py::test_the_last_unit_of_a_budget_and_of_a_cap_is_given",),
    ),
    Mutation(
        "what was taken back is booked as a debt, and the debt as taken back",
        f"{DOMAIN}/rewards/clawback.py",
        "{Account.BUDGET: taken, Account.CLAWBACK_DUE: owed}",
        "{Account.BUDGET: owed, Account.CLAWBACK_DUE: taken}",
        ("tests/stories/test_clawback.py::test_what_was_spent_already_stands_as_a_debt",),
    ),
    Mutation(
        "a debit takes more than is left of the credit",
        f"{DOMAIN}/rewards/attempts.py",
        "min(grant.amount_minor, asked.left_minor)",
        "max(grant.amount_minor, asked.left_minor)",
        ("tests/stories/test_clawback.py::test_what_was_spent_already_stands_as_a_debt",),
    ),
    Mutation(
        "an answer with another amount is taken for ours",
        f"{DOMAIN}/rewards/settling.py",
        'done.amount_minor == asked["amount"] and ',
        "",
        (
            "tests/worker/test_trouble.py::test_f10_an_answer_that_is_not_what_was_asked_for_stops_and_holds",
        ),
    ),
    Mutation(
        "the same person approves twice",
        f"{DOMAIN}/rewards/approving.py",
        "    if has_agreed(reward, actor):\n",
        "    if has_agreed(reward, actor) and reward.is_held:\n",
        ("tests/domain/test_approvals.py",),
    ),
    Mutation(
        "an order takes more store credit than there is",
        f"{DOMAIN}/rewards/redemptions.py",
        "    if left < price.amount_minor:\n",
        "    if not lots:\n",
        ("tests/domain/test_store_credit.py::test_too_little_takes_nothing_and_says_what_is_left",),
    ),
    Mutation(
        "a gift code that was seen goes back, to be given again",
        f"{DOMAIN}/rewards/gifts.py",
        "        .where(GiftCode.shown_at.is_(None))\n",
        "",
        ("tests/domain/test_gifts.py::test_a_code_that_was_seen_stays_and_is_owed",),
    ),
    Mutation(
        "the smallest payout waits when it is just reached (<= for <)",
        f"{DOMAIN}/rewards/gathering.py",
        "for _, reward in together) < least_minor",
        "for _, reward in together) <= least_minor",
        ("tests/worker/test_payouts.py::test_small_sums_gather_and_then_go_together",),
    ),
    Mutation(
        "a budget forgets the amount that is asked of it",
        f"{DOMAIN}/programs/budget.py",
        "Program.committed_minor + amount_minor <= limit_minor",
        "Program.committed_minor <= limit_minor",
        ("tests/domain/test_edges.py",),
    ),
    Mutation(
        "a refund and the charge's own total count both",
        f"{DOMAIN}/purchases/money_back.py",
        "max(standing, purchase.charge_refunded_minor - failed)",
        "(standing + purchase.charge_refunded_minor - failed)",
        (
            "tests/stories/test_clawback.py::test_partial_refunds_after_the_grant_take_back_their_share_once",
        ),
    ),
    Mutation(
        "one business sees another's rows",
        f"{DOMAIN}/businesses/ownership.py",
        "lambda owned: owned.business_id == business_id",
        "lambda owned: owned.business_id.is_not(None)",
        ("tests/api/test_tenants.py",),
    ),
    Mutation(
        "work is claimed while another worker has it",
        "referral/foundation/due.py",
        "        .where((kind.lease_until.is_(None)) | (kind.lease_until <= at))\n        .values(",
        "        .values(",
        ("tests/foundation/test_due.py",),
    ),
    Mutation(
        "whoever lost their lease finishes all the same",
        "referral/foundation/due.py",
        ".where(kind.id == row.id, kind.lease_token == token)",
        ".where(kind.id == row.id)",
        ("tests/foundation/test_due.py",),
    ),
    Mutation(
        "the provider is asked while a transaction is open",
        "referral/gateways/stripe/client.py",
        "    outside_transaction()\n",
        "",
        ("tests/gateways/test_meaning.py::test_no_network_while_a_transaction_is_open",),
    ),
    Mutation(
        "an event that is delivered twice is kept twice",
        "referral/gateways/stripe/inbox.py",
        '        UniqueConstraint("business_id", "event_id"),\n',
        "",
        ("tests/hooks/test_signatures.py::test_s123_a_replay_in_time_has_no_second_effect",),
    ),
    Mutation(
        "the provider is asked before it is written down what for",
        f"{WORKER}/grants.py",
        '        _prepare(grant, token, act, account)\n        failpoints.reached("CP1")\n'
        "        done = _outcome(grant, act, account, looks_first=mode is not None)\n",
        "        done = _outcome(grant, act, account, looks_first=mode is not None)\n"
        '        failpoints.reached("CP1")\n        _prepare(grant, token, act, account)\n',
        ("tests/stories/test_the_main_job.py",),
    ),
    Mutation(
        "a stored error opens the next attempt without a look at what it left",
        f"{WORKER}/grants.py",
        "        return _found_or_again(grant, act, account, stored.said)\n",
        "        raise ProvenAbsent(stored.said) from stored\n",
        ("tests/crash/test_answers.py::test_f7_a_stored_error_that_had_its_effect_is_adopted",),
    ),
    Mutation(
        "a key is sent again that the provider may have forgotten",
        f"{WORKER}/grants.py",
        "grant.is_key_old(clock.now()) or ",
        "",
        ("tests/crash/test_answers.py::test_f8_a_forgotten_key_is_not_sent_again",),
    ),
    Mutation(
        "credit is taken where it should be given (sign)",
        f"{WORKER}/acts/balance.py",
        "sign = -1\n",
        "sign = +1\n",
        ("tests/stories/test_the_main_job.py",),
    ),
    Mutation(
        "a transfer whose answer was lost is sent again under another key",
        f"{WORKER}/acts/payouts.py",
        "            group=_group(grant),\n            marks=marks_of(grant),\n"
        "            key=grant.idempotency_key,\n",
        "            group=_group(grant),\n            marks=marks_of(grant),\n"
        "            key=str(clock.now()),\n",
        ("tests/worker/test_payouts.py::test_a_fault_at_the_transfer_leaves_exactly_one",),
    ),
    Mutation(
        "a reversal forgets what was taken back of the transfer before",
        f"{WORKER}/acts/payouts.py",
        'transfer.amount_minor - int(transfer.details["amount_reversed"])',
        "transfer.amount_minor",
        ("tests/worker/test_payouts.py::test_somebody_else_at_stripe_took_it_back_already",),
    ),
    Mutation(
        "a refund we give as a reward counts as the customer's",
        f"{WORKER}/stripe_events.py",
        "return replace(fact, own_minor=own_minor)",
        "return replace(fact, own_minor=0)",
        (
            "tests/stories/test_periods_and_refunds.py::test_a_part_of_the_own_payment_goes_back_and_takes_nobodys_reward",
        ),
    ),
    Mutation(
        "an event is done with before its effect is written",
        f"{WORKER}/stripe_events.py",
        "            with transaction():\n                if _apply(event, facts):\n"
        "                    due.finish(event, token)\n",
        "            with transaction():\n                due.finish(event, token)\n"
        "            with transaction():\n                if _apply(event, facts):\n"
        "                    pass\n",
        ("tests/worker/test_trouble.py::test_an_event_whose_effect_fails_is_not_done_with",),
    ),
)
