"""Every form carries a token; the doors for programs are exempt by an explicit list (S-132)."""

from flask_wtf.csrf import CSRFProtect

csrf = CSRFProtect()
EXEMPT_SURFACES = ("api", "hooks", "widget")
