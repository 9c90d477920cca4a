"""What every code of the domain says to a person: one sentence each, in one place.

Knows codes. Refuses to know pages, and who is reading beyond "staff or not".
"""

from __future__ import annotations

from typing import NamedTuple

from referral.domain.attribution import Reason, TouchKind
from referral.domain.programs import Kind
from referral.domain.rewards import Operation, RewardState
from referral.domain.rewards.credit import EntryKind
from referral.domain.rewards.expiring import NOT_CLAIMED
from referral.domain.rewards.grants import GrantState, Waiting
from referral.domain.rewards.holds import HoldKind
from referral.domain.rewards.limits import (
    BUDGET_REACHED,
    CAP_REACHED,
    DAY_CAP_REACHED,
    HOUSEHOLD_CAP_REACHED,
    MONTH_CAP_REACHED,
)
from referral.domain.rewards.releasing import REFUNDED
from referral.domain.rewards.returning import CAME_BACK
from referral.domain.rewards.turns import EARLIER_PURCHASE


class Said(NamedTuple):
    """One thing said twice: to the person it concerns, and to staff."""

    person: str
    staff: str


REASONS: dict[str, Said] = {
    Reason.CREDITED: Said(
        "Your recommendation brought them here.",
        "This touch is valid and outweighs every other, so its advocate is credited.",
    ),
    Reason.CONFIRMED: Said(
        "They came through you before, and that still counts.",
        "The same advocate is credited already, so this changes nothing.",
    ),
    Reason.OUTWEIGHED: Said(
        "Another recommendation counted more.",
        "Valid, but another touch weighs more or comes first by the program's rule.",
    ),
    Reason.NO_EVIDENCE: Said(
        "They signed up without a link or a code.",
        "The signup came without any link, code or name.",
    ),
    Reason.UNREADABLE: Said(
        "The link was damaged on its way and could not be read.",
        "The token could not be read: it was cut off, changed, or not made here.",
    ),
    Reason.UNKNOWN_CODE: Said(
        "The code they gave does not exist. Perhaps a letter was wrong.",
        "No link has this code. A wrong letter is never credited to somebody else.",
    ),
    Reason.UNKNOWN_NAME: Said(
        "The name they gave did not lead to one single person.",
        "The stated name matches nobody with a link, or more than one.",
    ),
    Reason.OTHER_PROGRAM: Said(
        "The link belongs to another program.",
        "The link or code belongs to another program of yours.",
    ),
    Reason.PROGRAM_CLOSED: Said(
        "The program was not open when they signed up.",
        "The program was paused or closed at the time of the signup.",
    ),
    Reason.ALREADY_REFERRED: Said(
        "Somebody else had recommended us to them before.",
        "This person has an advocate in the program already, and the first one stays.",
    ),
    Reason.OWN_LINK: Said(
        "This was your own link, and nobody can recommend us to themselves.",
        "The link belongs to the person who signed up.",
    ),
    Reason.EXISTING_CUSTOMER: Said(
        "They were our customer already before they followed your link.",
        "They were a customer before this touch.",
    ),
    Reason.EXPIRED: Said(
        "Too much time passed between your link and their signup.",
        "The signup came after the program's click window had closed.",
    ),
    Reason.FROM_THE_FUTURE: Said(
        "The clock of this visit could not be right.",
        "The touch claims a moment after the signup, so it cannot be trusted.",
    ),
    "before_the_touch": Said(
        "This purchase was made before your recommendation.",
        "The purchase was made before the touch that brought them.",
    ),
    "after_the_window": Said(
        "The time in which a purchase counts is over.",
        "The qualifying window had closed before the purchase.",
    ),
    "nothing_paid": Said(
        "Nothing was paid, for example in a free trial.",
        "Nothing was paid after tax, so there is nothing to reward yet.",
    ),
    "no_exchange_rate": Said(
        "This purchase was in another currency. It counts as soon as we know the exchange rate.",
        "No exchange rate is known for the day of this purchase or the week before. Enter one in "
        "the settings under Exchange rates, and the purchase is judged again by itself.",
    ),
    "not_a_renewal": Said(
        "This was not a renewal of a subscription, and only renewals count here.",
        "The offer is for renewals. A subscription's first payment is none.",
    ),
    "for_the_signup": Said(
        "Purchases earn nothing here: the signup does.",
        "The offer is for the signup, not for purchases.",
    ),
    "below_minimum": Said(
        "This purchase was below the smallest amount that counts.",
        "The purchase, less tax, is below the offer's minimum.",
    ),
    "rounds_to_nothing": Said(
        "This purchase was too small to earn anything.",
        "The offer's share of this purchase rounds to nothing.",
    ),
    "no_purchase": Said(
        "They have not bought anything yet.",
        "No purchase has come in yet.",
    ),
    "no_offer": Said(
        "Nothing was on offer here when they signed up.",
        "The program had no offer for this side on the day of the referral.",
    ),
    BUDGET_REACHED: Said(
        "The program had given everything it could at that moment.",
        "The program's budget did not hold this amount when the reward was earned.",
    ),
    CAP_REACHED: Said(
        "It would have been more than this program gives to one person.",
        "It would have passed the offer's cap for one person.",
    ),
    DAY_CAP_REACHED: Said(
        "It would have been more than this program gives to one person in a day.",
        "It would have passed this person's cap for one day.",
    ),
    MONTH_CAP_REACHED: Said(
        "It would have been more than this program gives to one person in a month.",
        "It would have passed this person's cap for one month.",
    ),
    HOUSEHOLD_CAP_REACHED: Said(
        "It would have been more than this program gives to one household.",
        "It would have passed the cap of this person's household.",
    ),
    CAME_BACK: Said(
        "It did not reach you after all. It begins anew, and we take a look at it first.",
        "The provider could not give it after all. Another reward has taken its place.",
    ),
    EARLIER_PURCHASE: Said(
        "Another, earlier purchase turned out to be their first, and it counts instead.",
        "An earlier purchase arrived later and is the true first one; it has its own reward.",
    ),
    NOT_CLAIMED: Said(
        "It waited for you until its last day. We wrote to you two weeks before.",
        "It waited for the person until its last day, and they were told two weeks before.",
    ),
    REFUNDED: Said(
        "The purchase was refunded.",
        "The purchase was refunded or lost in a dispute, so its reward goes back.",
    ),
}

WAITING: dict[str, Said] = {
    Waiting.HELD: Said(
        "Somebody is taking a closer look first.",
        "The reward is on hold. Release it to let it go on.",
    ),
    Waiting.NO_CUSTOMER: Said(
        "It is ready. It will be there as soon as you have an account for billing with us.",
        "No Stripe customer is known for this person yet. It goes on by itself once there is one.",
    ),
    Waiting.CUSTOMER_GONE: Said(
        "It is ready. It will be there as soon as you have an account for billing with us.",
        "Stripe does not have this person's customer, or not any more. Tell us another of theirs, "
        "and it goes on by itself.",
    ),
    Waiting.OTHER_CURRENCY: Said(
        "It is ready. You are billed in another currency, so we look for a way to give it.",
        "Stripe bills this customer in another currency, where the credit would never be used. "
        "Deny the reward and thank them another way, or wait until they are billed in this one.",
    ),
    Waiting.NO_SUBSCRIPTION: Said(
        "It is ready. It will be added as soon as you have a subscription with us.",
        "This person has no running subscription. It goes on by itself once there is one.",
    ),
    Waiting.NO_PAYMENT: Said(
        "It is ready. It will come back to you with your next payment.",
        "No payment of theirs is large enough to give it back from. It goes on with the next.",
    ),
    Waiting.NOT_CONNECTED: Said(
        "It is ready and will be given shortly.",
        "Stripe is not connected. Connect it in the settings, and it goes on by itself.",
    ),
    Waiting.PROVIDER_DOWN: Said(
        "It is on its way. This takes a little longer than usual.",
        "Stripe could not be reached, or is busy. We keep trying; nothing is lost.",
    ),
    Waiting.MISCONFIGURED: Said(
        "It is ready and will be given shortly.",
        "Stripe refuses our key, or the key lacks a right: Settings, Stripe says which. "
        "Once that is mended, it goes on by itself.",
    ),
    Waiting.REFUSED: Said(
        "It is ready and will be given shortly.",
        "Stripe refused what must be asked before anything is sent. Its words stand on the page of "
        "the reward: once that is mended, it goes on by itself.",
    ),
    Waiting.OUTCOME_UNKNOWN: Said(
        "It is on its way. We are making sure that it arrives exactly once.",
        "Stripe's answer was lost. We look it up before anything is sent again.",
    ),
    Waiting.NO_PAYEE: Said(
        "It is ready. Finish setting up where we send it, and it goes out by itself.",
        "They have not set up where their money goes yet. It goes on by itself once they have.",
    ),
    Waiting.PAYEE_NOT_READY: Said(
        "It is ready. Finish setting up where we send it, and it goes out by itself.",
        "Stripe does not let their account be paid yet. It goes on by itself once it does.",
    ),
    Waiting.BELOW_MINIMUM: Said(
        "It waits for more of yours: money is sent once enough has gathered.",
        "Their payouts have not reached the offer's smallest payout yet.",
    ),
    Waiting.BALANCE: Said(
        "It is ready and will be sent shortly.",
        "Your Stripe balance is too small for it. Top it up, and it goes on by itself.",
    ),
    Waiting.FORM_MISSING: Said(
        "It is ready. We need a tax form of yours first, and get in touch with you.",
        "With it they reach what their country wants a form for. Put the form on file under"
        " Payouts, Totals, and it goes on by itself.",
    ),
    Waiting.WRONG_ANSWER: Said(
        "Somebody is taking a closer look first.",
        "What Stripe answered is not what was asked for. Compare it there, then release the hold.",
    ),
    Waiting.RECOVERING: Said(
        "It is on its way. We are making sure that it arrives exactly once.",
        "Stripe holds something of ours for this customer that we do not know, as after a restore. "
        "Settings, Stripe names it.",
    ),
    Waiting.OUT_OF_STOCK: Said(
        "It is ready. New gift codes are on their way to us, and you get yours by itself then.",
        "No code of this worth is left. Add codes to a stock, and it goes on by itself.",
    ),
    Waiting.NO_ENDPOINT: Said(
        "It is ready and will be given shortly.",
        "No server of yours is set that hands out gifts, or it is not asked any more. Set it under "
        "Settings, Gift server, and it goes on by itself.",
    ),
    Waiting.ENDPOINT_AWAY: Said(
        "It is on its way. This takes a little longer than usual.",
        "Your gift server did not answer. The same request is sent again, under the same id. After "
        "four days of that we stop and tell you by mail.",
    ),
    Waiting.ENDPOINT_REFUSES: Said(
        "It is ready and will be given shortly.",
        "Your gift server refused the request, or answered nothing we know. Mend it, and the same "
        "request goes on by itself.",
    ),
    Waiting.CONFIRMATION: Said(
        "It is being prepared. You get it as soon as it is ready.",
        "Your gift server has taken the request and has not confirmed it yet. It is reminded "
        "once a day, or a manager says what became of it.",
    ),
    Waiting.CHOICE: Said(
        "It is ready. Choose how you would like it, and it is on its way.",
        "The person has not chosen yet. It goes on by itself when they do.",
    ),
    Waiting.NO_CHARITY: Said(
        "It is ready. No charity is on our list yet: once one is, you choose it here.",
        "Nobody can choose a charity while none is on your list. Put one there under Gifts, "
        "Charities, and they are asked by mail.",
    ),
}

STATES: dict[str, str] = {
    RewardState.PENDING: "It waits until returns are no longer possible.",
    RewardState.APPROVED: "It is confirmed and will be given shortly.",
    RewardState.GRANTING: "It is on its way.",
    RewardState.GRANTED: "It is yours.",
    RewardState.REVERSED: "It was taken back.",
    RewardState.DENIED: "It was not given.",
    RewardState.CANCELLED: "It was cancelled.",
    RewardState.EXPIRED: "It was not taken in time, so it has ended.",
    RewardState.FAILED: "It could not be given. We have been told and will look into it.",
}
GIVEN: dict[str, str] = {
    Kind.ACCOUNT_CREDIT: "It is yours: credit in your account that comes off your next bill.",
    Kind.DISCOUNT: (
        "It is yours, for your next order. If the price does not show it, use your code."
    ),
    Kind.RECOGNITION: "Thank you, from all of us.",
    Kind.FREE_PERIOD: "It is yours: your subscription goes on for longer, for nothing.",
    Kind.REFUND: "It is yours: a part of your last payment is on its way back to you.",
    Kind.GIFT: "It is yours: a gift, on the page of this reward.",
    Kind.CHARITY: "It goes to a charity. Thank you, also in their name.",
    Kind.CHOICE: "It is yours, the way you chose.",
    Kind.CASH: "It is on its way to your bank account.",
    Kind.STORE_CREDIT: "It is yours, to spend with us.",
}
CHOICES: dict[str, tuple[str, str, str]] = {
    "account_credit": ("Credit on your next bill", "It comes off what you pay us next.", "receipt"),
    "store_credit": ("Credit in our shop", "It is kept here and pays for what you like.", "wallet"),
    "cash": ("Money to your bank account", "You say once, at Stripe, where it goes.", "cash"),
    "gift": ("A gift", "A gift worth the amount; you find it on this page.", "gift"),
    "charity": ("To a charity", "We pay it to the one you pick from our list.", "heart-handshake"),
}
"""Each kind somebody may choose: its words, what it means for them, and its picture."""
ON_HOLD = "Somebody is taking a closer look first."
AWAITS_STAFF = "It waits for a last look by our team."

TOUCHES: dict[str, str] = {
    TouchKind.STAFF: "Decided by staff",
    TouchKind.CODE: "Typed code",
    TouchKind.COUPON: "Coupon used",
    TouchKind.CLICK: "Link followed",
    TouchKind.STATED: "Stated name",
}
HOLDS: dict[str, str] = {
    HoldKind.STAFF: "Put on hold",
    HoldKind.DISPUTE: "Payment disputed",
    HoldKind.STATED_NAME: "Only a name was stated",
    HoldKind.WRONG_ANSWER: "Unexpected answer from Stripe",
}
OPERATIONS: dict[str, str] = {
    Operation.CREDIT: "Credit on the customer's balance",
    Operation.DEBIT: "Taken back from the customer's balance",
    Operation.PROMOTION_CODE: "Promotion code",
    Operation.WITHDRAWAL: "Promotion code withdrawn",
    Operation.EXTENSION: "Free time on the subscription",
    Operation.SHORTENING: "Free time taken back",
    Operation.REFUND: "Part of their own payment given back",
    Operation.RETURN: "Came back from the provider",
    Operation.THANKS: "Thanks",
    Operation.GIFT_CODE: "Gift code",
    Operation.GIFT_RETURN: "Gift code put back, unseen",
    Operation.GIFT_REQUEST: "Gift of your own server",
    Operation.DONATION: "Owed to a charity",
    Operation.DONATION_WITHDRAWAL: "Withdrawn before the charity was paid",
    Operation.CHOICE: "Choice of the person",
    Operation.TRANSFER: "Payment to their account",
    Operation.REVERSAL: "Payment taken back",
    Operation.STORE_CREDIT: "Credit to spend with us",
    Operation.STORE_DEBIT: "Credit to spend taken back",
}
CREDIT_ENTRIES: dict[str, Said] = {
    EntryKind.GRANT: Said("Given to you", "Given"),
    EntryKind.REDEMPTION: Said("Spent", "Redeemed"),
    EntryKind.REVERSAL: Said("Came back from a cancelled order", "Redemption reversed"),
    EntryKind.TAKEN_BACK: Said(
        "Taken back, because a purchase was refunded", "Taken back after a refund"
    ),
    EntryKind.EXPIRY: Said("Expired", "Expired, back in the budget"),
}
GRANTS: dict[str, str] = {
    GrantState.WAITING: "Waiting",
    GrantState.SENDING: "Sent, outcome not known yet",
    GrantState.DONE: "Done",
    GrantState.FAILED: "Nothing done",
    GrantState.REPLACED: "Replaced by the next attempt",
}


def reason_words(code: str, *, for_staff: bool = False) -> str:
    """Say a reason code as a sentence; what somebody wrote as a reason is said as it stands."""
    return _choose(REASONS[code], for_staff=for_staff) if code in REASONS else code


def waiting_words(code: str, *, for_staff: bool = False) -> str:
    """Say what a grant waits for."""
    return _choose(WAITING[code], for_staff=for_staff)


def waiting_in_short(code: str) -> str:
    """Say to staff what a grant waits for, without what they can do about it."""
    return waiting_words(code, for_staff=True).partition(". ")[0].removesuffix(".")


def entry_words(kind: str, *, for_staff: bool = False) -> str:
    """Say what changed somebody's store credit."""
    return _choose(CREDIT_ENTRIES[kind], for_staff=for_staff)


def given_words(kind: str) -> str:
    """Say where somebody finds what they were given."""
    return GIVEN[kind]


def state_words(state: str, *, is_held: bool = False, awaits_staff: bool = False) -> str:
    """Tell a person where a reward stands; a hold or a missing approval comes before the state."""
    if is_held:
        return ON_HOLD
    return AWAITS_STAFF if awaits_staff else STATES[state]


def _choose(said: Said, *, for_staff: bool) -> str:
    return said.staff if for_staff else said.person
