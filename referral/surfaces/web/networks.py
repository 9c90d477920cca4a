"""The network a request comes from, as far as we tell networks apart."""

import ipaddress


def network_of(remote_address: str | None) -> str:
    """Return the network a visitor comes from; IPv6 is counted by its /64 (S-147)."""
    try:
        address = ipaddress.ip_address(remote_address or "0.0.0.0")  # noqa: S104
    except ValueError:
        return "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return str(address)
