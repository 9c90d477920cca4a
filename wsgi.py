"""The application as a WSGI server and the `flask` command find it."""

from config import UnsafeSettings
from referral import create_app

try:
    app = create_app()
except UnsafeSettings as unsafe:
    raise SystemExit(str(unsafe)) from None
