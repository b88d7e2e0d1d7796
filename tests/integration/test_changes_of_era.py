"""Servers over HTTP that become others while they are in use, and streams that have no end, at every end of ours."""

from threading import Event

from actors.errors import OutcomeUnknownError
from actors.inputs import Elicitation, InputHandlers
from tests.fixtures.changeling import Changeling
from tests.fixtures.orchestrating import PATIENCE_S, eventually, orchestrating


def test_a_modern_server_that_becomes_a_legacy_one_goes_on_serving() -> None:
    with Changeling("modern") as server, orchestrating({"c": {"url": server.url}}) as whole:
        assert whole.text("c", "order") == "done"

        server.era = "legacy"
        first = whole.face.submit("c", "order").exception(timeout=PATIENCE_S)

        eventually(lambda: whole.face.get_server_status("c")["era"] == "legacy", "the other era")
        assert whole.text("c", "order") == "done"
        assert server.ran.count("order") == 2 + (first is None)


def test_a_legacy_server_that_becomes_a_modern_one_goes_on_serving() -> None:
    with Changeling("legacy") as server, orchestrating({"c": {"url": server.url}}) as whole:
        assert whole.text("c", "order") == "done"

        server.era = "modern"
        first = whole.face.submit("c", "order").exception(timeout=PATIENCE_S)

        eventually(lambda: whole.face.get_server_status("c")["era"] == "modern", "the other era")
        eventually(lambda: whole.state("c") == "ready", "a connection")
        assert whole.text("c", "order") == "done"
        assert server.ran.count("order") == 2 + (first is None)


def test_a_subscription_that_never_ends_holds_up_no_shutdown() -> None:
    with Changeling("modern") as server:
        server.drips = {"subscriptions/listen"}
        with orchestrating({"c": {"url": server.url}}) as whole:
            assert whole.text("c", "order") == "done"


def test_a_list_that_never_ends_holds_up_no_disconnect() -> None:
    with Changeling("legacy") as server:
        section = {"url": server.url, "protocol": "legacy", "handshake_timeout_s": 1.0}
        with orchestrating({"c": section}) as whole:
            assert whole.text("c", "order") == "done"
            server.drips = {"tools/list"}
            whole.face.submit("c", "no such tool, so there must be a list first")
            eventually(lambda: server.dripping > 0, "a list that drips")

            assert whole.face.disconnect("c")


def test_a_question_that_nobody_answers_holds_up_no_shutdown_and_its_call_may_have_run() -> None:
    asked, never = Event(), Event()

    def answer(_: Elicitation) -> dict[str, object]:
        asked.set()
        never.wait(PATIENCE_S)
        return {"action": "decline"}

    with Changeling("modern") as server:
        server.asks = {"order"}
        with orchestrating({"c": {"url": server.url}}, inputs=InputHandlers(on_elicitation=answer)) as whole:
            future = whole.face.submit("c", "order", timeout=PATIENCE_S)
            assert asked.wait(PATIENCE_S)
            whole.face.shutdown(timeout=0.2)

            assert whole.error(future, OutcomeUnknownError).executed == "unknown"
            never.set()
    assert server.ran == []
