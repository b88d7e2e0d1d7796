"""Where a configuration in force came from, and how it is read again."""

from typing import Protocol


class ConfigurationSource(Protocol):
    """Of a daemon: its file. `path`: None without one; `loaded_at`: seconds since 1970.

    `error`: what is wrong with the file as it is now, so that what was read before is still in force; "" if nothing.
    """

    @property
    def path(self) -> str | None:
        """The file."""
        ...

    @property
    def loaded_at(self) -> float:
        """When what is in force was read."""
        ...

    @property
    def error(self) -> str:
        """Why the file as it is now is not in force."""
        ...

    async def reload(self) -> list[str]:
        """Read it again; return the servers that were touched. ConfigurationError: nothing was changed."""
        ...
