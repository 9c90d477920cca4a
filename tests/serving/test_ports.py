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


def test_a_host_that_is_not_here_is_not_called_a_busy_port(monkeypatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert trouble_at("refer.example", 8000).startswith("HOST is 'refer.example', which is no")


def test_only_a_good_answer_counts_as_one(app) -> None:
    port = free_port()
    assert not answers(NEAR, port, path="/readyz")
    with served(app, port):
        assert answers("0.0.0.0", port, path="/healthz")
        assert not answers(NEAR, port, path="/nothing-here")
