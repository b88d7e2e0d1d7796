"""What downloads are called, for people and agents: without what an address may hold beside the name."""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

LONGEST = 200

# Behind ? (some indexers: &) stands the user's key for the indexer; before @ a password.
_ADDRESS = re.compile(r"(https?://)(?:[^\s/@]*@)?([^\s?#&]*)([?#&]\S*)?", re.IGNORECASE)

# What SABnzbd calls a download by: the end of its address, with all that it holds.
_QUERY = re.compile(r"[?&][\w.-]+=\S*")


def is_address(url: str) -> bool:
    """Tell whether this is an http or https address that SABnzbd can make something of."""
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.port != 0 else None
    except ValueError:  # A port that is none, a bracket too many.
        return False
    return parts.scheme in {"http", "https"} and bool(host) and url.isprintable() and " " not in url


def name_of(source: str) -> str:
    """Return what the NZB at a URL or path is called; "download" where its address does not say."""
    if "://" in source:
        path = PurePosixPath(unquote(urlsplit(source).path))
        return path.stem[:LONGEST] if path.suffix.lower() == ".nzb" else "download"
    return PurePosixPath(source).name.removesuffix(".nzb")[:LONGEST] or "download"


def without_keys(text: str) -> str:
    """Cut the query and the password out of every address in `text`, and the query of what is the end of one."""
    return _QUERY.sub("", _ADDRESS.sub(lambda found: found[1] + found[2] + ("?…" if found[3] else ""), text))
