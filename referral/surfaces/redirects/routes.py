"""The addresses of this surface."""

from flask import Blueprint

from referral.surfaces.redirects import arrival, pictures
from referral.surfaces.web.limits import limit, limiter

redirects = Blueprint("redirects", __name__)
drawn_often = limiter.limit(lambda: limit("120 per minute"))

redirects.add_url_rule("/r/<code>", "follow", arrival.follow, methods=["GET"])
redirects.add_url_rule("/q/<code>.svg", "qr_svg", drawn_often(pictures.svg), methods=["GET"])
redirects.add_url_rule("/q/<code>.png", "qr_png", drawn_often(pictures.png), methods=["GET"])
