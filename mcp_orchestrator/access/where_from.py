"""What a web page elsewhere may not have its reader's browser send, under whatever name it found us. Pure.

Source: MCP, Streamable HTTP, security warning (DNS rebinding), all revisions; and Fetch Metadata, for what is no MCP.
"""

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

_FROM_OTHER_PAGES = ("cross-site", "same-site")  # "same-site" is another port of this machine, too.
_HARMLESS = ("GET", "HEAD", "OPTIONS")


def is_of_this_machine(host: str) -> bool:
    """Say if nobody but who runs on this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def wrong_place(host: str | None, origin: str | None, hosts: Sequence[str]) -> tuple[int, str] | None:
    """Return status and sentence for a request whose headers Host and Origin name somebody else; None: they do not."""
    if _host_of(f"//{host or ''}") not in hosts:
        known = ", ".join(dict.fromkeys(hosts))
        return 421, f"the Host of a request has to be one of {known}; further names go into hosts in [daemon]"
    if origin is not None and _host_of(origin) not in hosts:
        return 403, "pages from elsewhere may ask nothing here"
    return None


def is_from_other_page(method: str, fetch_site: str | None) -> bool:
    """Say if a browser has this sent by a page that is not ours, and it may change something.

    Where no token is asked for, that is all that keeps the pages of other programs of this machine out.
    """
    return fetch_site in _FROM_OTHER_PAGES and method not in _HARMLESS


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
