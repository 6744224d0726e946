"""Which addresses of the network a download may reach: public ones only, unless the operator says otherwise."""

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from retrieval.errors import DownloadError, InputError, UrlNotAllowedError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in ("fec0::/10", "3fff::/20", "5f00::/16", "64:ff9b:1::/48", "192.88.99.0/24", "192.0.0.0/24")
)
"""Site-local, documentation, segment routing, local NAT64, 6to4 relays, protocols: Python takes some for global."""
_PORTS = {"http": 80, "https": 443}


def check_url(url: str, *, allow_private: bool) -> SplitResult:
    """The parts of an address that may be downloaded from, as far as can be told without the network.

    Raises InputError for what is no http(s) address, UrlNotAllowedError for a host that is a private address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InputError(f"{url!r} is no address: {error}") from error
    if parts.scheme not in _PORTS or not parts.hostname or port == 0 or any(ord(mark) < 33 for mark in url):
        raise InputError(f"{url!r} is no address to download from, as https://example.org/talk.mp4")
    if parts.username is not None:
        raise InputError(f"{url!r}: an address with a user name or password is not kept; leave them out")
    if not allow_private:
        host = parts.hostname.rstrip(".").lower()
        if host == "localhost" or host.endswith(".localhost"):
            raise _refused(url, host)
        try:
            literal = ipaddress.ip_address(host)
        except ValueError:
            return parts
        if not is_public(literal):
            raise _refused(url, host)
    return parts


def resolve(parts: SplitResult, *, allow_private: bool) -> Address:
    """The one address to connect to for this host, looked up once: what is checked is what is reached.

    Raises UrlNotAllowedError where the host leads to a private address, DownloadError if it leads nowhere.
    """
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DownloadError(f"{host}: no such host ({error})") from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).split("%")[0]) for entry in found]
    if not allow_private:
        for address in addresses:
            if not is_public(address):
                raise _refused(parts.geturl(), f"{host} ({address})")
    return addresses[0]


def is_public(address: Address) -> bool:
    """Whether the address belongs to the open internet; what only wraps another is judged by that."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    if any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _refused(url: str, host: str) -> UrlNotAllowedError:
    return UrlNotAllowedError(
        f"{url}: {host} is an address of a private network; allowed are public ones "
        "(MOMENTS_ALLOW_PRIVATE_URLS lifts this)"
    )
