"""The addresses of this surface."""

from flask import Blueprint

from referral.surfaces.portal import account, friends, home, join, payouts, rewards, sign_in
from referral.surfaces.web.limits import limit, limiter

asked_often = limiter.shared_limit(
    lambda: f"{limit('10 per minute')};{limit('60 per hour')}", scope="portal asks"
)
tried_often = limiter.shared_limit(lambda: limit("20 per minute"), scope="portal tries")
led_often = limiter.shared_limit(lambda: limit("30 per minute"), scope="portal payouts")
portal = Blueprint("portal", __name__, url_prefix="/portal/<slug>")

portal.add_url_rule("", "home", home.show, methods=["GET"])
portal.add_url_rule("/qr/<code>", "hold_up", home.hold_up, methods=["GET"])
portal.add_url_rule("/friends", "friends", friends.show, methods=["GET"])
portal.add_url_rule("/rewards", "rewards", rewards.show_all, methods=["GET"])
portal.add_url_rule("/rewards/<reward>", "reward", rewards.show, methods=["GET"])
portal.add_url_rule("/rewards/<reward>/code", "show_code", rewards.show_code, methods=["POST"])
portal.add_url_rule("/rewards/<reward>/choice", "choose", rewards.choose, methods=["POST"])
portal.add_url_rule("/payouts", "payouts", payouts.show, methods=["GET"])
portal.add_url_rule("/payouts", "payouts_begin", led_often(payouts.begin), methods=["POST"])
portal.add_url_rule("/payouts/again", "payouts_again", led_often(payouts.again), methods=["GET"])
portal.add_url_rule("/payouts/back", "payouts_back", led_often(payouts.back), methods=["GET"])
portal.add_url_rule("/account", "account", account.show, methods=["GET"])
portal.add_url_rule("/sign-out", "sign_out", account.leave, methods=["POST"])
portal.add_url_rule("/sign-out/everywhere", "sign_out_all", account.leave_all, methods=["POST"])

portal.add_url_rule("/join", "join", join.show, methods=["GET"])
portal.add_url_rule("/join", "join_ask", asked_often(join.ask), methods=["POST"])
portal.add_url_rule("/sign-in", "sign_in", sign_in.show, methods=["GET"])
portal.add_url_rule("/sign-in", "sign_in_ask", asked_often(sign_in.ask), methods=["POST"])
portal.add_url_rule("/sign-in/code", "code", sign_in.show_code, methods=["GET"])
portal.add_url_rule("/sign-in/code", "code_try", tried_often(sign_in.try_code), methods=["POST"])
portal.add_url_rule("/sign-in/<link>", "link", sign_in.show_link, methods=["GET"])
portal.add_url_rule("/sign-in/link", "link_use", tried_often(sign_in.use_link), methods=["POST"])

PUBLIC = frozenset(
    {"join", "join_ask", "sign_in", "sign_in_ask", "code", "code_try", "link", "link_use"}
)
