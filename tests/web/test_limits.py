"""A limit that is written down is a limit that is kept."""

from flask import Flask
from flask_limiter.util import get_qualified_name

from referral.surfaces.web.limits import limiter


def test_every_limited_view_is_served_behind_its_limit(app: Flask) -> None:
    named = {name: get_qualified_name(view) for name, view in app.view_functions.items()}
    limited = [name for name in named if named[name] in limiter._marked_for_limiting]
    bare = [name for name in limited if not hasattr(app.view_functions[name], "__wrapped__")]
    assert len(limited) > 5
    assert bare == []
