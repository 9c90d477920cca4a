"""The application on a real port, so that a real browser or program can visit it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from werkzeug.serving import make_server

from config import Settings
from referral import create_app
from referral.foundation.db import db
from tests.servers import free_port

LiveApp = Callable[[Settings], str]


@contextmanager
def served(wsgi_app: Any, port: int = 0) -> Iterator[str]:
    """Serve an application on loopback, at a free port unless one is given; yield its address."""
    server = make_server("127.0.0.1", port, wsgi_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def live(settings: Settings) -> Iterator[str]:
    """Serve the product with these settings, at a base address of its own; yield that."""
    port = free_port()
    base = {"base_url": f"http://127.0.0.1:{port}"}
    app = create_app(Settings(**{**settings.model_dump(), **base}))
    try:
        with served(app, port) as address:
            yield address
    finally:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def live_app() -> Iterator[LiveApp]:
    """Call it with settings to serve the product until the test ends; it returns the address."""
    with ExitStack() as stack:
        yield lambda settings: stack.enter_context(live(settings))
