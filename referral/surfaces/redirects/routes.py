"""The addresses of this surface."""

from flask import Blueprint

from referral.surfaces.redirects import arrival, pictures
from referral.surfaces.web.limits import limit, limiter

redirects = Blueprint("redirects", __name__)

redirects.add_url_rule("/r/<code>", "follow", arrival.follow, methods=["GET"])
redirects.add_url_rule("/q/<code>.svg", "qr_svg", pictures.svg, methods=["GET"])
redirects.add_url_rule("/q/<code>.png", "qr_png", pictures.png, methods=["GET"])

for _view in (pictures.svg, pictures.png):
    limiter.limit(lambda: limit("120 per minute"))(_view)
