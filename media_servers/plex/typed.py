"""plexapi, which has no types, for the rest of this package, which has: nothing else imports it.

* It asks nobody by itself: what `PlexServer.query` would send goes to the function that `Plex` was given, and an
  attribute that is missing does not make it ask for the item again.
* It reads neither its configuration file nor the user's PLEXAPI_ variables, and so opens no log file either.
* Of its objects only what was in the answer is read. Some have attributes that ask plex.tv (the `user` of a session).
"""

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, Literal, TypeAlias
from xml.etree.ElementTree import Element, ParseError

# plexapi is configured when it is imported, by these; this process is ours alone.
for _name in [name for name in os.environ if name.startswith("PLEXAPI_")]:
    del os.environ[_name]
os.environ["PLEXAPI_CONFIG_PATH"] = os.devnull
os.environ["PLEXAPI_PLEXAPI_AUTORELOAD"] = "false"

try:
    # By name: it is typed in part, and in other parts with each release. Here all of it is Any.
    _utils: Any = import_module("plexapi.utils")
    _base: Any = import_module("plexapi.base")
    _library: Any = import_module("plexapi.library")
    _server: Any = import_module("plexapi.server")
except ModuleNotFoundError as error:  # The last line on stderr, which is what an orchestrator shows of a dead child.
    if (error.name or "").partition(".")[0] != "plexapi":
        raise
    raise ModuleNotFoundError("the Plex server needs plexapi: pip install '.[media]' in a clone") from None

# Dates are UTC. Its own setter wants a database of time zones, which a small container has not.
_utils.DATETIME_TIMEZONE = UTC

Kind: TypeAlias = Literal["item", "library", "account", "device"]
# Path, parameters, headers, seconds if not as long as usual.
Ask: TypeAlias = Callable[[str, Mapping[str, str | int], Mapping[str, str], float | None], Element]
_CLASSES: Mapping[Kind, Any] = {
    "item": None,  # By tag and type.
    "library": _library.LibrarySection,
    "account": _server.SystemAccount,
    "device": _server.SystemDevice,
}
LONGEST_NUMBER = 18


def parsed(text: str) -> Element | None:
    """Parse an answer; None if there is nothing in it. Raises ValueError for what is no XML.

    Titles may hold characters that XML forbids, and Plex sends them: plexapi takes them out.
    """
    try:
        element: Element | None = _utils.parseXMLString(text)
    except (ParseError, LookupError, ValueError):  # The last two of an encoding that nobody knows.
        raise ValueError from None
    return element


class Entry:
    """What plexapi made of one element. None stands for what Plex did not say, or said strangely."""

    def __init__(self, element: Element, made: Any) -> None:  # noqa: ANN401 -- one of plexapi's
        self._element, self._made = element, made

    @property
    def tag(self) -> str:
        """The element's name, such as Video or Directory."""
        return self._element.tag

    @property
    def attributes(self) -> Mapping[str, str]:
        """What the element says, for the few things that plexapi does not know."""
        return self._element.attrib

    def child(self, tag: str) -> Mapping[str, str]:
        """Return the attributes of the first element `tag` in it; none if there is none."""
        found = self._element.find(tag)
        return {} if found is None else found.attrib

    def text(self, name: str) -> str | None:
        """Return a text that is not empty."""
        value = getattr(self._made, name, None)
        return value if isinstance(value, str) and value else None

    def number(self, name: str) -> int | None:
        """Return a whole number from 0: of a text that is none, plexapi makes a float."""
        value = getattr(self._made, name, None)
        if isinstance(value, str) and value.isdecimal() and len(value) <= LONGEST_NUMBER:
            return int(value)  # Of a type that plexapi does not know, it reads no numbers.
        return value if isinstance(value, int) and value >= 0 else None

    def date(self, name: str) -> datetime | None:
        """Return a date in UTC."""
        value = getattr(self._made, name, None)
        return value if isinstance(value, datetime) and value.tzinfo is not None else None


class Plex(_server.PlexServer):  # type: ignore[misc]  # Any
    """plexapi's server, whose requests are made by `ask`. For any thread: it keeps nothing."""

    def __init__(self, ask: Ask) -> None:
        # Not PlexServer's own, which asks the server: ours may be started when it is down.
        self._ask = ask
        _base.PlexObject.__init__(self, self, None)

    def query(
        self,
        key: str,
        method: object = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        timeout: float | None = None,
        **_options: object,
    ) -> Element:
        """GET `key`. Raises whatever `ask` does."""
        if method is not None:
            raise NotImplementedError(f"{key} by another method than GET")
        return self._ask(key, params or {}, headers or {}, timeout)

    def entries(self, elements: Iterable[Element], kind: Kind) -> list[Entry]:
        """Make an entry of each element that plexapi can read, in order.

        Items that are played, or were, are items here, not plexapi's sessions: those fail without a user.
        """
        made: list[Entry] = []
        for element in elements:
            alone = Element("MediaContainer")
            alone.append(element)
            try:
                found: list[Any] = self.findItems(alone, _CLASSES[kind], initpath="")
            except (ValueError, TypeError, KeyError, AttributeError, IndexError):
                continue  # A value that is not of its type, or a child that is missing: the others are still there.
            made.extend(Entry(element, one) for one in found)
        return made
