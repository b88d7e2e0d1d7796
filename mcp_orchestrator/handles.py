"""One server in a caller's hand: its tools as methods."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, Protocol, TypeVar

from actors.call import ServerName
from actors.catalogue import Tool

R_co = TypeVar("R_co", covariant=True)


class Submit(Protocol[R_co]):
    """How a face hands a call over: blocking faces return a CallFuture, the async face an awaitable."""

    def __call__(self, server: str, tool: str, params: dict[str, Any], *, timeout: float | None) -> R_co:
        """Submit a call."""
        ...


class ServerHandle(Generic[R_co]):
    """`handle.search_series(term="…")` submits a call of that tool.

    * It holds a name, not an actor, so it outlives restarts. Tools with names that are no identifiers:
      `handle["sonarr.queue"](…)`. Tools named like one of its own attributes (call, tools, status): the same way.
    * A tool's own argument named `timeout` goes by `handle.call(tool, {…}, timeout=seconds)`.
    """

    def __init__(
        self,
        server: ServerName,
        submit: Submit[R_co],
        list_tools: Callable[[ServerName], Iterable[Tool]],
        get_status: Callable[[str], dict[str, Any]],
    ) -> None:
        self._server, self._submit, self._list_tools, self._get_status = server, submit, list_tools, get_status

    def call(self, tool: str, params: dict[str, Any] | None = None, *, timeout: float | None = None) -> R_co:
        """Submit a call of `tool`."""
        return self._submit(self._server, tool, {} if params is None else params, timeout=timeout)

    @property
    def tools(self) -> list[str]:
        """The names of its tools, as it listed them last."""
        return [tool["name"] for tool in self._list_tools(self._server)]

    @property
    def status(self) -> dict[str, Any]:
        """Everything known of the server; see `get_server_status`."""
        return self._get_status(self._server)

    def __getitem__(self, tool: str) -> Callable[..., R_co]:
        """Return a callable that submits a call of `tool` with its keyword arguments."""

        def submit(*nameless: object, **params: Any) -> R_co:  # noqa: ANN401 -- a tool's arguments
            if nameless:
                raise TypeError(f"a tool's arguments go by name: write {tool}(name=…), or call({tool!r}, {{…}})")
            return self.call(tool, params)

        return submit

    def __getattr__(self, tool: str) -> Callable[..., R_co]:
        """Return the callable of a tool; AttributeError for names that Python asks for on its own."""
        if tool.startswith("_"):
            raise AttributeError(tool)
        return self[tool]

    def __dir__(self) -> list[str]:
        """Return the tools beside its own attributes."""
        return sorted({"call", "tools", "status", *(tool for tool in self.tools if tool.isidentifier())})

    def __repr__(self) -> str:
        """Name the server."""
        return f"ServerHandle({self._server!r})"
