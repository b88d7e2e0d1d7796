"""MCP over the pipes of a child process. Rules: the stdio section of the transports page, all revisions."""

import selectors
import signal
from collections.abc import Callable
from functools import partial
from io import FileIO

from actors.call import SendTicket
from actors.config import ServerConfig
from actors.errors import MCPConnectionError, NotExecutedError, OutcomeUnknownError
from actors.mcp.awaited import Awaited
from actors.mcp.child import Child, Spawned, Spawner, StdioLimits, exit_text, program_of, spawn_refusal, with_last_words
from actors.mcp.exchange import Exchange, ExchangeHandle
from actors.mcp.jsonrpc import encode
from actors.mcp.lines import LineSplitter
from actors.mcp.pipes import SelectorThread
from actors.mcp.stderr import StderrTail
from actors.mcp.stdin import StdinWriter
from actors.mcp.stdout import AnswerReader
from actors.transport import ConnectionLost, Listener, OnDone, Released, Reply, Request

_CHUNK_BYTES = 65536  # What a pipe holds on Linux, unless told otherwise.
_DRAIN_CHUNKS = 32  # 2 MiB: twice what a pipe can be told to hold without privileges.
_CATCH_UP_S = 0.01  # How long a pipe is left alone when its lines come faster than they can be parsed.

_LIMITS = StdioLimits()


class StdioConnection:
    """One child, its three pipes and the exchanges over them; see `actors.transport.Connection`.

    * All state is the pipes' thread's, but for what any thread may read. Answers are parsed and matched on a
      thread of this connection; the child is started and waited for by the spawner.
    * When the child has gone by itself, its last answers are still delivered; then ConnectionLost is told, and
      after it what remains is reported: unknown if its line had begun, else not executed.
    * Released comes after `close` or `abort` only, however long the child has been gone.
    """

    def __init__(  # noqa: PLR0913 -- all of it comes from one place, the transport factory
        self,
        config: ServerConfig,
        listener: Listener,
        *,
        clock: Callable[[], float],
        spawner: Spawner,
        pipes: SelectorThread,
        limits: StdioLimits = _LIMITS,
    ) -> None:
        self._config, self._listener, self._pipes, self._limits = config, listener, pipes, limits
        self._child: Child | None = None
        self._awaited = Awaited[Exchange](config.max_response_bytes)
        self._writer = StdinWriter(
            pipes,
            on_closed=partial(self._lose, "the server closed its stdin"),
            on_stall=partial(self._kill_for, f"the server took no byte of its stdin for {limits.stall_s:g} s"),
            clock=clock,
            stall_s=limits.stall_s,
            max_queued_bytes=limits.queued_bytes,
        )
        self._lines = LineSplitter(config.max_response_bytes)
        self._reader = AnswerReader(
            config,
            self._awaited,
            listener,
            backlog_bytes=limits.backlog_bytes,
            on_end=partial(self._call, self._settle),
        )
        self._stderr = StderrTail()
        self._refusal: Callable[[], NotExecutedError] | None = None  # The outcome of whatever is begun from now on.
        self._fate = ""  # How the child ended.
        self._lost = self._stdin_closed = self._ending = self._aborted = self._settled = self._released = False
        spawner.spawn(
            program_of(config),
            on_spawned=lambda spawned: pipes.call(partial(self._begin_life, spawned)),
            on_exit=lambda code: pipes.call(partial(self._end_life, code)),
        )

    def start(self, message: Request | Reply, deadline: float, ticket: SendTicket, on_done: OnDone) -> ExchangeHandle:
        """See Connection. A line waits for the child to be there, and to read; `abort` is how it is called off."""
        del deadline
        exchange = Exchange(message, ticket, on_done)
        try:
            exchange.line = encode(message) + b"\n"
        except NotExecutedError as error:
            exchange.end(error)
        else:
            if not self._pipes.call(partial(self._begin, exchange)):
                exchange.end(MCPConnectionError("the pipes' thread has ended, or belongs to another process"))
        return ExchangeHandle(partial(self._call, partial(self._break_off, exchange)))

    def close(self) -> None:
        """See Connection: what is queued, stdin, SIGTERM, SIGKILL. Answers under way may still come in the meantime."""
        self._pipes.call(self._close)

    def abort(self) -> None:
        """See Connection."""
        child = self._child
        if child is not None:
            child.signal(signal.SIGKILL)  # Here and now, and not when the pipes' thread comes round to it.
        self._call(self._abort)

    @property
    def pid(self) -> int | None:
        """The child's, while it is there. Any thread, as the next two."""
        child = self._child
        return None if child is None or self._settled else child.pid

    def stderr_tail(self) -> list[str]:
        """Return the last 200 lines that the child wrote on stderr."""
        return self._stderr.lines()

    @property
    def skipped_lines(self) -> int:
        """How many lines of its stdout were no JSON-RPC."""
        return self._reader.skipped_lines

    @property
    def dropped_answers(self) -> int:
        """How many of its answers nobody waited for: late, twice, or with an id that is none of ours."""
        return self._awaited.dropped

    def _call(self, step: Callable[[], None]) -> None:
        if not self._pipes.call(step) and self._pipes.is_ours:
            step()  # Their thread has ended: nobody else can be at it.

    def _begin(self, exchange: Exchange) -> None:
        if self._refusal is not None:
            exchange.end(self._refusal())
            return
        if exchange.answer_id is not None:
            self._awaited.expect(exchange.answer_id, exchange)
        if not self._writer.put(exchange):
            self._forget(exchange)

    def _break_off(self, exchange: Exchange) -> None:
        self._forget(exchange)
        if self._writer.take_back(exchange):
            exchange.end(NotExecutedError("broken off before it was sent"))
        else:
            exchange.end(OutcomeUnknownError("broken off"))

    def _forget(self, exchange: Exchange) -> None:
        if exchange.answer_id is not None:
            self._awaited.forget(exchange.answer_id)

    def _begin_life(self, spawned: Spawned) -> None:
        if isinstance(spawned, OSError | ValueError):
            self._refusal = partial(spawn_refusal, self._config, spawned)
            self._fate = "it was never started"
            self._settle()
            return
        self._child = spawned
        for file in (spawned.stdin, spawned.stdout, spawned.stderr):
            self._pipes.adopt(file)
        self._pipes.watch(spawned.stdout, selectors.EVENT_READ, partial(self._read_stdout, spawned.stdout))
        self._pipes.watch(spawned.stderr, selectors.EVENT_READ, partial(self._read_stderr, spawned.stderr))
        is_read = self._reader.start()
        if self._aborted or not is_read:
            self._pipes.drop(spawned.stdin)
            self._fate = "" if is_read else "it was killed: there was no thread to read its answers on"
            spawned.signal(signal.SIGKILL)
            return
        self._writer.open(spawned.stdin)
        if self._ending:
            self._wind_down()

    def _read_stdout(self, file: FileIO) -> bool:
        """Read once; True: there may be more at once."""
        chunk = b"" if file.closed else file.read(_CHUNK_BYTES)
        if chunk:
            if lines := self._lines.feed(chunk):
                self._reader.take(lines)
            if self._reader.is_behind:  # Memory is bounded: the child waits until its pipe is read again.
                self._pipes.unwatch(file)
                self._pipes.call_later(_CATCH_UP_S, partial(self._read_on, file))
        elif chunk is not None:
            self._pipes.drop(file)
            self._lose("the server closed its stdout")
        return bool(chunk)

    def _read_on(self, file: FileIO) -> None:
        if file.closed:
            return
        if self._reader.is_behind:
            self._pipes.call_later(_CATCH_UP_S, partial(self._read_on, file))
        else:
            self._pipes.watch(file, selectors.EVENT_READ, partial(self._read_stdout, file))

    def _read_stderr(self, file: FileIO) -> bool:
        chunk = b"" if file.closed else file.read(_CHUNK_BYTES)
        if chunk:
            self._stderr.feed(chunk)
        elif chunk is not None:  # The server may do without.
            self._pipes.drop(file)
        return bool(chunk)

    def _lose(self, cause: str) -> None:
        """Go on to the end: a pipe has ended by itself, so most likely the child is about to."""
        if self._ending or self._lost:
            return
        self._lost = True
        self._writer.stop()
        self._pipes.call_later(self._limits.exit_grace_s, partial(self._kill_for, cause))

    def _kill_for(self, cause: str) -> None:
        if self._child is not None and not self._fate:
            self._fate = f"{cause} and was killed"
            self._writer.stop()
            self._child.signal(signal.SIGKILL)

    def _close(self) -> None:
        self._ending = True
        if self._refusal is None:
            self._refusal = partial(MCPConnectionError, "the connection is being closed")
        if self._settled:
            self._release()
        elif self._child is not None:
            self._wind_down()

    def _wind_down(self) -> None:
        self._writer.flush(self._close_stdin)
        self._pipes.call_later(self._limits.flush_s, self._close_stdin)

    def _close_stdin(self) -> None:
        if self._stdin_closed or self._child is None:
            return
        self._stdin_closed = True  # Once: many a server takes a second SIGTERM for an order to drop everything.
        for exchange in self._writer.close():
            self._forget(exchange)
            exchange.fail("the connection was closed", MCPConnectionError("the connection was closed"))
        grace_s = self._limits.stdin_grace_s
        self._pipes.call_later(grace_s, partial(self._child.signal, signal.SIGTERM))
        self._pipes.call_later(grace_s + self._limits.term_grace_s, partial(self._child.signal, signal.SIGKILL))

    def _abort(self) -> None:
        self._ending = self._aborted = True
        self._refusal = partial(MCPConnectionError, "the connection was broken off")
        if self._child is not None:
            self._child.signal(signal.SIGKILL)  # It may have come to be since `abort` looked.
        self._reader.mute()
        self._fail_all("the connection was broken off")
        if self._settled:
            self._release()

    def _end_life(self, code: int) -> None:
        """Take what the child left in its pipes. Who else holds them open, a daemon of its own, is not waited for."""
        if self._child is None:
            return
        self._fate = self._fate or exit_text(code)
        self._writer.stop()
        for file, read in ((self._child.stdout, self._read_stdout), (self._child.stderr, self._read_stderr)):
            for _ in range(_DRAIN_CHUNKS):
                if not read(file):
                    break
            self._pipes.drop(file)
        self._stderr.end()
        self._reader.take(self._lines.flush())
        self._reader.end()

    def _settle(self) -> None:
        """Report all that is left. The child is gone and its last answers are delivered, or it never was there."""
        self._settled = True
        fate = with_last_words(self._fate, self._stderr.lines())
        if self._refusal is None:
            self._refusal = partial(MCPConnectionError, fate)
        if not self._ending:  # First of all, so that nobody tries again over this connection.
            self._listener(ConnectionLost(error=self._refusal()))
        self._fail_all(fate)
        if self._ending:
            self._release()

    def _fail_all(self, reason: str) -> None:
        refusal = self._refusal or partial(MCPConnectionError, reason)
        exchanges = dict.fromkeys([*self._writer.close(), *self._awaited.take_all()])
        for exchange in exchanges:
            exchange.fail(reason, refusal())

    def _release(self) -> None:
        if not self._released:
            self._released = True
            self._listener(Released())
