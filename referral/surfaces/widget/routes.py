"""The addresses of this surface."""

from flask import Blueprint

from referral.surfaces.widget import config, script, signups
from referral.surfaces.widget.door import allow_origin

widget = Blueprint("widget", __name__, url_prefix="/widget")
widget.after_request(allow_origin)

widget.add_url_rule("/v1.js", "script", script.read, methods=["GET"])
widget.add_url_rule("/v1/config", "config", config.read, methods=["GET"])
widget.add_url_rule("/v1/signups", "signups", signups.create, methods=["POST"])
