"""On whose behalf a gateway makes a call: what a server is to know of him, and what he is to hear."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """He declares by himself what he can be asked. Only a modern server is told: a legacy one was, as it was opened.

    * `capabilities`: his, which go out in place of ours. What the server asks for ends the call: its `input_required`
      is the result, raw, and our handlers hear nothing of it. His answers come with his next call, in its params.
    * `log_level`: None asks for no log messages.
    * `on_log`: called with the params of every log message on the stream of this call, on the callbacks thread, in
      place of whoever hears of all others. Over pipes there is one stream: nobody can tell whose a message is.

    What he was answered is not kept for others, nor what they were for him: it may depend on what he declared.
    """

    capabilities: Mapping[str, Any]
    log_level: str | None = None
    on_log: Callable[[Mapping[str, Any]], object] | None = None
