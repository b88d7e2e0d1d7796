"""What a server says of calls while they are under way, for those who made them. On its actor's thread."""

from collections.abc import Mapping
from typing import Any

from actors.admission import Exchange
from actors.attempts import Attempts
from actors.progress import Progress


class Meanwhile:
    """Finds the call that a notification is about. `exchanges`: those under way; they come and go."""

    def __init__(self, exchanges: Mapping[int, Exchange], attempts: Attempts, progress: Progress) -> None:
        self._exchanges, self._attempts, self._progress = exchanges, attempts, progress

    def progress(self, params: Mapping[str, Any]) -> None:
        """Pass a progress notification on to the caller who asked for it; its attempt is alive."""
        token: object = params.get("progressToken")
        if type(token) is not int or (exchange := self._exchanges.get(token)) is None:
            return
        if self._progress.report(exchange.work.call, params):
            self._attempts.is_alive(token)

    def logged(self, number: int | None, params: Mapping[str, Any]) -> bool:
        """Pass on a log message that came on the stream of an exchange. False: nobody wants it for himself."""
        exchange = None if number is None else self._exchanges.get(number)
        return exchange is not None and self._progress.log(exchange.work.call, params)
