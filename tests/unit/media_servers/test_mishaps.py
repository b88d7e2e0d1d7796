"""Each changing tool before each mishap at each request it makes: what it says, against what has happened."""

import re
from typing import Any

import pytest

from media_servers.application import PLEX
from tests.backends.stub import BAD_GATEWAY, LOGIN_PAGE, SERVICE_UNAVAILABLE, Answer, Mishap, Request
from tests.fixtures.media_changes import (
    CHANGES,
    AnyStub,
    Change,
    answer_of,
    is_change,
    outcome,
    stub_of,
    tools_on,
    world,
)

# One each; but reads are repeated twice where a connection is lost.
MISHAPS: dict[str, list[Mishap | Answer]] = {
    "lost": ["lost", "lost", "lost"],
    "half": ["half"],
    "hung": ["hung"],
    "502": [BAD_GATEWAY],
    "503": [SERVICE_UNAVAILABLE],
    "500": [Answer.of({"message": "database is locked"}, 500)],
    "500 of brackets": [Answer(status=500, body=b"[" * 100_000)],
    "401": [Answer(status=401)],
    "404": [Answer(status=404, body=b"<html>not here</html>", media_type="text/html")],
    "302": [Answer(status=302, headers={"Location": "/login?returnUrl=/"})],
    "login page": [LOGIN_PAGE],
    "{}": [Answer.of({})],
    "no": [Answer.of({"status": False})],
}
# A stub cannot tell these from its own yes: Sonarr and Radarr answer {} to a delete, and nobody reads Plex's words.
YES_TOO = {("sonarr", "delete_series"), ("radarr", "delete_movie"), ("plex", "scan_library")}
SHORT_S = 0.1  # For what hangs.


def requests_of(change: Change) -> list[Request]:
    """Return what a call that goes well sends; what it does, it does by one request."""
    with stub_of(change.application) as stub:
        change.prepare(stub)
        before = world(stub)
        answer = answer_of(tools_on(stub), change.tool, change.arguments)

        assert not isinstance(answer, str), answer
        assert world(stub) != before
        assert sum(map(is_change, stub.seen)) == 1
    return stub.seen


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_what_is_said_of_a_change_is_what_has_happened(change: Change) -> None:
    normal = requests_of(change)
    for number, request in enumerate(normal):
        line = f"{request.method} {request.path}"
        earlier = sum(f"{one.method} {one.path}".startswith(line) for one in normal[:number])
        for name, mishaps in MISHAPS.items():
            with stub_of(change.application) as stub:
                change.prepare(stub)
                before = world(stub)
                stub.next(*mishaps, to=line, after=earlier)

                limit_s = SHORT_S if name == "hung" else 5.0
                answer = answer_of(tools_on(stub, limit_s), change.tool, change.arguments)

                stub.calm()
            where = f"{name} at request {number + 1}, {line}: {answer}"
            check(change, stub, answer, happened=world(stub) != before, where=where)


def check(change: Change, stub: AnyStub, answer: dict[str, Any] | str, *, happened: bool, where: str) -> None:
    sent = sum(map(is_change, stub.seen))
    other_way = change.application == PLEX and where.startswith("404")  # A scan by GET is nothing that it knows.
    assert sent <= 1 + other_way, where
    match outcome(answer):
        case "done":
            cannot_tell = (change.application.name, change.tool) in YES_TOO and where.startswith(("{}", "no "))
            assert happened or cannot_tell, where
        case "refused":
            assert not happened, where
        case "unclear":
            assert sent == 1, where
    if isinstance(answer, str):
        check_sentence(answer, stub)


def check_sentence(text: str, stub: AnyStub) -> None:
    """Demand a sentence or two, without a secret."""
    assert text.endswith("."), text
    assert "\n" not in text, text
    assert len(re.findall(r"[.!?] [A-Z]", text)) <= 1, text
    assert stub.secret not in text


@pytest.mark.parametrize(
    "change", [change for change in CHANGES if change.tool in {"delete_series", "delete_movie"}], ids=str
)
def test_a_proxy_that_does_not_find_what_is_to_be_deleted_is_not_taken_for_the_application(change: Change) -> None:
    with stub_of(change.application) as stub:
        stub.next(Answer(status=404, body=b"<html>not here</html>", media_type="text/html"), to="DELETE")

        answer = answer_of(tools_on(stub), change.tool, change.arguments)

    assert isinstance(answer, str)
    assert "has the id" not in answer
    assert (
        f"correct {change.application.name.upper()}_URL" in answer
        or f"set {change.application.name.upper()}_URL" in answer
    )
