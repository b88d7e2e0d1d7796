"""The catalogue of one server: fetched, kept, fetched again when it changes; and what its schemas say of calls."""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from actors.answer_cache import AnswerCache, copied
from actors.backoff import backoff_s
from actors.call import Call, Outcome, Result, ToolName
from actors.catalogue import Catalogue, repeatable, table
from actors.config import ServerConfig
from actors.control import ControlSlot, Errand
from actors.errors import InvalidResultError, MCPOrchestratorError, MCPToolError
from actors.inputs import carried
from actors.mcp.era import HEADERS_REFUSED
from actors.mcp.header_params import HeaderParam, InvalidHeaderParamError, header_params, headers_of
from actors.mcp.output_schema import OutputSchema
from actors.mcp.paging import TOOLS, Entries, list_all
from actors.mcp.session import Session
from actors.transport import Request

logger = logging.getLogger(__name__)

_DEBOUNCE_S = 0.2  # Servers announce each tool of a batch; one list answers for all.


class Listing:
    """What the server offers, as far as it was told on the connection there is.

    * `fresh`: fetched on this connection. A failed fetch keeps the old catalogue, and is tried again `max_retries`
      times after a back-off, unless the server has refused: nobody announces a change twice.
    * `under_way`: being fetched. `failed`: the last time.
    * Single-flight; announcements within 0.2 s are answered by one fetch.
    """

    def __init__(
        self,
        *,
        config: ServerConfig,
        catalogue: Catalogue,
        control: ControlSlot,
        clock: Callable[[], float],
        on_end: Callable[[Outcome], None],
    ) -> None:
        self._config, self._control, self._clock, self._on_end = config, control, clock, on_end
        self.catalogue = catalogue
        self.fresh = self.under_way = self.failed = False
        self._session, self._answers = Session(), AnswerCache(clock)
        self._changed_due = math.inf
        self._stale_at = math.inf
        self._failures = 0  # In a row.
        self._header_params: dict[ToolName, tuple[HeaderParam, ...]] = {}
        self._output_schemas: dict[ToolName, OutputSchema | None] = {}

    def begin(self, session: Session) -> None:
        """Fetch the catalogue of a connection that was just opened."""
        self._session = session
        self._answers.clear()
        self.refresh()

    def end(self) -> None:
        """Take note that the connection is over: what the server announces from here on, nobody hears."""
        self._session = Session()
        self.fresh = self.under_way = False
        self._changed_due = self._stale_at = math.inf

    def refresh(self) -> None:
        """Fetch the catalogue, unless that is under way."""
        if self.under_way:
            return
        if not self._session.offers("tools"):
            self._listed(Entries([]))
            return
        self.under_way = True
        conversation, limit_s = list_all(TOOLS, self._config.name), self._config.handshake_timeout_s
        self._control.run(Errand(conversation=conversation, limit_s=limit_s, on_end=self._listed))

    def changed(self) -> None:
        """Fetch the catalogue in a moment."""
        self._changed_due = min(self._changed_due, self._clock() + _DEBOUNCE_S)

    def refused(self, error: MCPOrchestratorError) -> None:
        """Take note that the server refused a call; if for headers that its schema asks for, that is out of date."""
        if isinstance(error, MCPToolError) and error.code == HEADERS_REFUSED:
            self.fresh = False
            self.refresh()

    def next_due(self) -> float:
        """When `tick` has something to do."""
        return self._changed_due

    def tick(self) -> None:
        """Let time pass."""
        if self._clock() < self._changed_due:
            return
        self._changed_due = math.inf
        if self.under_way:
            self.changed()  # The list under way may be older than the change.
        self.refresh()

    def offers(self, tool: ToolName) -> bool:
        """Say if the server offers this tool, by what it said on this connection."""
        return self.fresh and tool in self.catalogue.tools

    def lets_repeat(self, call: Call) -> bool:
        """Say, as a call begins, if running it twice does no harm.

        A catalogue for which the server vouches no more is fetched again behind it.
        """
        if self._clock() >= self._stale_at:
            self._stale_at = math.inf
            self.refresh()
        return repeatable(self._config, call.method, call.tool, self.catalogue if self.fresh else None).yes

    def with_headers(self, request: Request, tool: ToolName | None) -> Request:
        """Return a call's request with the headers that mirror arguments, where the tool's schema asks for them."""
        params = self._header_params.get(tool) if tool is not None and self._header_params else None
        if not params:
            return request
        return replace(request, headers=headers_of(params, table(table(request.params).get("arguments"))))

    def known(self, call: Call) -> Result | None:
        """Return the answer to this call if the server has given it before, and vouches for it still."""
        is_kept = self._session.is_modern and call.caller is None
        kept = self._answers.get(call.method, call.params) if is_kept else None
        return None if kept is None else copied(kept)

    def taken(self, call: Call, inputs: Mapping[str, Any], result: Outcome, asked_at: float | None) -> Outcome:
        """Return the result of a call, or what is wrong with it. Keeps what the server lets us keep.

        `inputs`: what the call carried beside its own params. `asked_at`: when it went out first.
        """
        if isinstance(result, MCPOrchestratorError):
            if isinstance(result, MCPToolError):
                self._answers.refused(call.method, call.params)
            return result
        if call.tool is not None:
            return self._checked(call.tool, result)
        if self._session.is_modern and call.caller is None:
            self._answers.put(call.method, carried(call.params, inputs), copied(result), asked_at=asked_at)
        return result

    def missed(self) -> None:
        """Take note that something may have changed unheard."""
        self._answers.clear()
        self.changed()

    def announced(self, notification: str, params: Mapping[str, Any]) -> None:
        """Take note of what the server says has changed."""
        self._answers.changed(notification, params)
        if notification == "notifications/tools/list_changed":
            self.changed()

    # -- inside ---------------------------------------------------------------------------------------------------

    def _checked(self, tool: ToolName, result: Result) -> Outcome:
        schema = self._output_schema(tool)
        if schema is None or result.get("isError") is True or not self.fresh:
            return result
        if "structuredContent" not in result:
            return InvalidResultError("the tool has an outputSchema, its result no structuredContent", result=result)
        mistake = schema.mistake(result["structuredContent"])
        if mistake is None:
            return result
        return InvalidResultError(f"the structured content breaks the tool's outputSchema: {mistake}", result=result)

    def _listed(self, end: Entries | MCPOrchestratorError) -> None:
        self.under_way, self.failed = False, isinstance(end, MCPOrchestratorError)
        if isinstance(end, Entries):
            self._take(end)
        elif self._session.offers("tools") and not isinstance(end, MCPToolError):
            self._try_again()
        self._on_end({} if isinstance(end, Entries) else end)

    def _try_again(self) -> None:
        if self._failures < self._config.max_retries:
            base_s, cap_s = self._config.reconnect_base_s, self._config.reconnect_cap_s
            pause_s = backoff_s(self._failures, base_s=base_s, cap_s=cap_s, jitter=0.5)
            self._changed_due = min(self._changed_due, self._clock() + pause_s)
            self._failures += 1

    def _take(self, listed: Entries) -> None:
        catalogue = Catalogue.of(listed.entries)
        self._header_params, self._output_schemas = {}, {}
        if self._session.is_modern and self._session.transport == "http":
            catalogue = self._without_bad_headers(catalogue)
        self.catalogue, self.fresh, self._failures = catalogue, True, 0
        self._stale_at = self._clock() + listed.ttl_s if listed.ttl_s else math.inf

    def _without_bad_headers(self, catalogue: Catalogue) -> Catalogue:
        """Leave out every tool whose schema asks for headers that cannot be. Source: MCP 2026-07-28, transports."""
        usable: dict[ToolName, Mapping[str, Any]] = {}
        for name, tool in catalogue.tools.items():
            try:
                params = header_params(table(tool.get("inputSchema")))
            except InvalidHeaderParamError as error:
                where = {"server": self._config.name, "tool": name}
                logger.warning("%s: its tool %r is left out: %s", self._config.name, name, error, extra=where)
                continue
            usable[name] = tool
            if params:
                self._header_params[name] = params
        return Catalogue.of(usable.values())

    def _output_schema(self, tool: ToolName) -> OutputSchema | None:
        """Return the tool's schema, compiled at its first result; None if it has none, or nobody is to look."""
        if self._config.output_schema == "ignore":
            return None
        if tool not in self._output_schemas:
            schema = self.catalogue.tools.get(tool, {}).get("outputSchema")
            self._output_schemas[tool] = None if schema is None else OutputSchema(schema)
        return self._output_schemas[tool]
