"""Which addresses http.request may connect to.

A machine's URL may come from a customer.  Unless PGSM_HTTP_PRIVATE says otherwise
(`allow`, or a list of networks), it leads to no address of the runner's own network.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket

from ..handlers import PermanentFailure

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")


async def resolve(host: str, port: int) -> list[str]:
    """The host's addresses, all of them allowed; raises PermanentFailure, OSError.

    The caller connects to these and does not ask again: a name may have another
    address the next time.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not is_allowed(address):
            raise PermanentFailure(
                f"{host} has the address {address}, which is not a public one",
                code="address_not_allowed",
            )
    return addresses


def is_allowed(text: str) -> bool:
    address = _inner(ipaddress.ip_address(text.partition("%")[0]))
    if address.is_global and not address.is_multicast:
        return True
    allowed = os.environ.get("PGSM_HTTP_PRIVATE", "").strip()
    if allowed == "allow":
        return True
    networks = [
        ipaddress.ip_network(word.strip()) for word in allowed.split(",") if word
    ]
    return any(address in network for network in networks)


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one leads to, if it is of that kind."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address
