"""The settings of a real SABnzbd, as far as an agent may see and change them. For `api`."""

from collections.abc import Iterator
from typing import cast

from media_servers.errors import BackendError, RefusedError, UnknownIdError
from media_servers.http_errors import unclear
from media_servers.sabnzbd.backend import Changed, Section, Setting, Value
from media_servers.sabnzbd.calls import Calls, part
from media_servers.sabnzbd.reading import table, tables, text, texts
from media_servers.sabnzbd.settings import CHANGEABLE, SHOWN, as_field, in_order, is_plain, kind_of, stays_inside


class Configuration:
    """Reads the settings anew each time. For any thread; raises BackendError."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def settings(self, section: Section) -> list[Setting]:
        """Return the settings of a section that may be seen, in SABnzbd's order."""
        return [
            Setting(keyword=keyword, value=value, changeable=section == "categories" or keyword in CHANGEABLE)
            for keyword, value in self._values(section)
            if section == "categories" or keyword in SHOWN
        ]

    def change(self, section: Section, keyword: str, value: Value) -> Changed:
        """Set one, and look what SABnzbd has made of it. A category's setting is its folder."""
        keyword = keyword.lower()  # As SABnzbd does.
        previous = self._changeable(section, keyword, value)
        field = "value" if section == "misc" else "dir"
        fields: dict[str, str | int] = {"section": section, "keyword": keyword, field: as_field(value)}
        self._calls.tell("set_config", look_with="get_config", **fields)
        try:
            now = dict(self._values(section)).get(keyword, previous)
        except BackendError as error:
            raise unclear(
                self._calls.access, "get_config", "took the setting, and then could not be asked about it"
            ) from error
        if now == previous and as_field(now) != as_field(value):
            raise RefusedError(f"SABnzbd leaves {keyword} at {now!r:.200}: it does not take {value!r:.200}.")
        return Changed(section=section, keyword=keyword, value=now, previous=previous)

    def _changeable(self, section: Section, keyword: str, value: Value) -> Value:
        """Return the present value of a setting that may be changed to `value`. Raises BackendError."""
        if not is_plain(value):
            raise RefusedError(f"{value!r:.80} has characters that no setting has: leave out line breaks and the like.")
        if section == "categories":
            if not (isinstance(value, str) and stays_inside(value)):
                raise RefusedError(
                    f"The folder of a category cannot be {value!r:.80}: give one within the folder of completed "
                    "downloads, such as 'movies'."
                )
        elif keyword not in CHANGEABLE:
            raise RefusedError(
                f"{keyword!r:.80} is not for an agent to change: get_config marks what is; keys, addresses, programs "
                "and folders are the owner's, in SABnzbd under Config."
            )
        values = dict(self._values(section))
        if keyword not in values:
            raise UnknownIdError(f"{section} has no setting {keyword!r:.80}: get_config lists those there are.")
        previous = values[keyword]
        if not in_order(previous, value):
            raise RefusedError(
                f"{keyword} cannot be {value!r:.80}: give {kind_of(previous)}, such as {previous!r:.80}."
            )
        return previous

    def _values(self, section: Section) -> Iterator[tuple[str, Value]]:
        inside = part(table(part(self._calls.ask("get_config", section=section), "config")), section)
        if section == "categories":
            for category in tables(inside):
                if name := text(category, "name"):
                    yield name, text(category, "dir")
            return
        for keyword, value in table(inside).items():
            if isinstance(value, bool | int | float | str):
                yield keyword, value
            elif isinstance(value, list):
                yield keyword, texts(cast("object", value))
