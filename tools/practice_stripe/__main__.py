"""`python -m tools.practice_stripe --port N [--state FILE] [--key K]`: serve until TERM or INT."""

from __future__ import annotations

import argparse

from .server import Server, serve


def main() -> int:
    """Serve until asked to end; says where on one line."""
    parser = argparse.ArgumentParser(
        prog="practice_stripe", description="A stand-in for Stripe on this machine. No real money."
    )
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any)")
    parser.add_argument("--state", help="file that keeps everything (default: memory)")
    parser.add_argument("--key", help="the only API key accepted (default: any test key)")
    given = parser.parse_args()
    server = Server(given.port, state=given.state, only_key=given.key)
    print(f"listening on {server.url}", flush=True)
    serve(server)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
