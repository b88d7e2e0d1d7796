"""What a child says is dealt with line by line, and no line keeps the next from it."""

from threading import Event

import pytest

from actors.call import Outcome, SendTicket, ServerName
from actors.config import ServerConfig
from actors.mcp.awaited import Awaited
from actors.mcp.exchange import Exchange
from actors.mcp.stdout import AnswerReader
from actors.transport import Event as Told
from actors.transport import Request

CONFIG = ServerConfig(name=ServerName("odd"), command=("true",))


def test_a_line_that_meets_a_bug_costs_itself_only(caplog: pytest.LogCaptureFixture) -> None:
    outcomes: list[Outcome] = []
    exchange, ended = Exchange(Request(id=1, method="tools/call"), SendTicket(), outcomes.append), Event()
    exchange.begun = True

    def listen(told: Told) -> None:
        raise LookupError(told)

    awaited = Awaited[Exchange](CONFIG.max_response_bytes)
    awaited.expect(1, exchange)
    reader = AnswerReader(CONFIG, awaited, listen, backlog_bytes=1000, on_end=ended.set)
    assert reader.start()

    reader.take([b'{"method":"notifications/progress"}', b'{"id":1,"result":{}}'])
    reader.end()

    assert ended.wait(20.0)
    assert outcomes == [{}]
    assert "could not be dealt with" in caplog.text
