"""The web processes: gunicorn, serving the application that is there already."""

from __future__ import annotations

import sys
from pathlib import Path

from flask import Flask, current_app
from gunicorn.app.wsgiapp import WSGIApplication


class _Gunicorn(WSGIApplication):  # type: ignore[misc]
    """gunicorn as gunicorn.conf.py sets it up, but for loading the application."""

    served: Flask

    def load(self) -> Flask:
        """Return the application of this process, so that it is not imported again."""
        return self.served


def serve_web() -> None:
    """Be gunicorn, until TERM."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    sys.argv = ["gunicorn", "--config", str(Path(app.root_path) / "gunicorn.conf.py")]
    _Gunicorn.served = app
    _Gunicorn("%(prog)s", prog="gunicorn").run()
