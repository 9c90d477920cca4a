"""Every form carries a token; the doors for programs are exempt by an explicit list (S-132).

Signing out asks for the token itself, and only of somebody who is signed in.
"""

from flask_wtf.csrf import CSRFProtect

csrf = CSRFProtect()
EXEMPT_SURFACES = ("api", "hooks", "widget")
