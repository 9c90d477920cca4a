"""The application as a WSGI server and the `flask` command find it."""

import gc

from config import UnsafeSettings
from referral import create_app

# Starting makes no garbage: looking for it, now or later, would take a tenth of the time.
gc.disable()
try:
    app = create_app()
except UnsafeSettings as unsafe:
    raise SystemExit(str(unsafe)) from None
finally:
    gc.freeze()
    gc.enable()
