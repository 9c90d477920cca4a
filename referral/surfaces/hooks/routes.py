"""The addresses of this surface."""

from flask import Blueprint

from referral.surfaces.hooks import stripe

hooks = Blueprint("hooks", __name__, url_prefix="/hooks")

hooks.add_url_rule("/stripe/<business_id>", "stripe", stripe.receive, methods=["POST"])
