"""Where the product may listen, said in one line when it may not."""

from __future__ import annotations

import socket

from referral.serving.ports import answers, trouble_at
from tests.live import served
from tests.servers import free_port

NEAR = "127.0.0.1"


def test_a_busy_port_is_named_with_the_setting_that_chooses_another() -> None:
    with socket.create_server((NEAR, 0)) as server:
        port = server.getsockname()[1]
        said = trouble_at(NEAR, port, setting="PRACTICE_STRIPE_PORT")
    assert said.startswith(f"Port {port} is in use. Choose another: PRACTICE_STRIPE_PORT=")
    assert trouble_at(NEAR, port) == ""


def test_a_host_of_another_machine_is_not_called_a_busy_port() -> None:
    assert "203.0.113.7" in trouble_at("203.0.113.7", free_port())


def test_only_a_good_answer_counts_as_one(app) -> None:
    port = free_port()
    assert not answers(NEAR, port, path="/readyz")
    with served(app, port):
        assert answers("0.0.0.0", port, path="/healthz")
        assert not answers(NEAR, port, path="/nothing-here")
