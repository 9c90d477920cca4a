"""A fresh practice Stripe for each test, driven by the real SDK over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from tools.practice_stripe import PracticeStripe, start

stripe.enable_telemetry = False

SECRET = "whsec_practice"


@pytest.fixture
def client_for() -> Callable[..., Any]:
    """Make a real SDK client that never retries by itself: its address, key and patience."""

    def make(url: str, key: str = "sk_test_alice", *, timeout_s: float = 5) -> Any:
        client = stripe.StripeClient(
            key,
            base_addresses={"api": url},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=timeout_s),
        )
        return client.v1

    return make


@pytest.fixture
def practice() -> Iterator[PracticeStripe]:
    with start() as running:
        yield running.practice


@pytest.fixture
def sdk(practice: PracticeStripe, client_for: Callable[..., Any]) -> Any:
    return client_for(practice.url)


@pytest.fixture
def alice(sdk: Any) -> Any:
    return sdk.customers.create({"email": "alice@example.com", "name": "Alice"})


class Receiver:
    """A webhook receiver that keeps what it got and answers what it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, str]] = []
        self.statuses: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((body, self.headers["Stripe-Signature"]))
                self.send_response(outer.statuses.pop(0) if outer.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                return

        class Server(ThreadingHTTPServer):
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def events(self) -> list[Any]:
        """What arrived, verified by the SDK."""
        return [stripe.Webhook.construct_event(body, sig, SECRET) for body, sig in self.got]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver(practice: PracticeStripe) -> Iterator[Receiver]:
    receiver = Receiver()
    practice.register_webhook(receiver.url, SECRET)
    yield receiver
    receiver.stop()
