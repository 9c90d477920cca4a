"""How gunicorn serves the application: few threads, and one process where SQLite is used."""

import gc
import os
import threading
from pathlib import Path
from typing import Any

from gunicorn.arbiter import Arbiter

from config import Settings, UnsafeSettings

try:
    _settings = Settings.read()
except UnsafeSettings as unsafe:
    raise SystemExit(str(unsafe)) from None
_is_sqlite = _settings.sqlalchemy_url.startswith("sqlite")

wsgi_app = "referral:create_web()"
bind = f"{_settings.host}:{_settings.port}"
worker_class = "gthread"
workers = _settings.web_processes or (1 if _is_sqlite else max(2, os.cpu_count() or 2))
# PostgreSQL stores who clicks at one moment together, so more at once cost it less; together they
# stay well below the hundred connections it comes with.
threads = _settings.web_threads or (8 if _is_sqlite else max(4, min(16, 64 // workers)))
timeout = 60
graceful_timeout = 20
keepalive = 5
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
forwarded_allow_ips = "127.0.0.1"
errorlog = "-"
loglevel = "warning"
accesslog = None


def post_fork(server: Any, worker: Any) -> None:
    """Look for no garbage while the application loads: that makes none and takes a tenth longer."""
    gc.disable()


def post_worker_init(worker: Any) -> None:
    """Load the rest beside the first answers; a process that cannot is not to serve at all."""

    def load() -> None:
        try:
            _load_rest(worker.app.callable)
        except Exception:
            worker.log.exception("The application cannot be loaded.")
            os._exit(Arbiter.WORKER_BOOT_ERROR)

    threading.Thread(target=load, name="loading", daemon=True).start()


def _load_rest(app: Any) -> None:
    """Add the other addresses, set what was loaded apart from garbage for good, and learn links.

    The last is for the minutes the database may be away.
    """
    from referral import complete
    from referral.surfaces.redirects import keep_fresh

    complete(app)
    gc.freeze()
    gc.enable()
    keep_fresh(app)
