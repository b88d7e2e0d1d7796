"""What servers may ask, what handlers are given, and what goes out as their answers."""

import logging
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from actors.errors import ConfigurationError
from actors.inputs import Elicitation, InputHandlers, InputRefusedError, Roots, Sampling, carried

FORM = {
    "message": "Who are you?",
    "requestedSchema": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer", "default": 42}},
    },
}
SAMPLE = {"messages": [{"role": "user", "content": {"type": "text", "text": "Hi"}}], "maxTokens": 10}
WORDS = {"role": "assistant", "content": {"type": "text", "text": "Hello"}, "model": "small"}


def elicited(answer: Any, params: Mapping[str, Any] = FORM) -> Any:
    """Return what goes out when `on_elicitation` returns `answer`."""
    return InputHandlers(on_elicitation=lambda _: answer).question("weather", "elicitation/create", params)()


def sampled(answer: Any, params: Mapping[str, Any] = SAMPLE) -> Any:
    """Return what goes out when `on_sampling` returns `answer`."""
    return InputHandlers(on_sampling=lambda _: answer).question("weather", "sampling/createMessage", params)()


def listed(roots: Roots) -> Any:
    """Return what goes out for these roots."""
    return InputHandlers(roots=roots).question("weather", "roots/list", {})()


def refusal(ask: Callable[[], object]) -> InputRefusedError:
    with pytest.raises(InputRefusedError) as refused:
        ask()
    return refused.value


def test_only_what_is_given_is_declared() -> None:
    assert InputHandlers().capabilities == {}
    assert InputHandlers(roots=[]).capabilities == {"roots": {}}
    everything = InputHandlers(on_sampling=lambda _: {}, on_elicitation=lambda _: {}, roots=list)
    assert everything.capabilities == {"sampling": {}, "elicitation": {"form": {}, "url": {}}, "roots": {}}


@pytest.mark.parametrize("method", ["sampling/createMessage", "elicitation/create", "roots/list", "tasks/get"])
def test_what_nothing_is_given_for_is_an_unknown_method(method: str) -> None:
    refused = refusal(lambda: InputHandlers().question("weather", method, {}))

    assert (refused.code, str(refused)) == (-32601, f"{method}: this client offers no such method")


def test_a_form_is_shown_to_the_user_and_his_answer_gets_the_defaults_of_what_he_left_out() -> None:
    seen: list[Elicitation] = []

    def answer(asked: Elicitation) -> dict[str, Any]:
        seen.append(asked)
        return {"action": "accept", "content": {"name": "Ann"}}

    result = InputHandlers(on_elicitation=answer).question("weather", "elicitation/create", FORM)()

    assert result == {"action": "accept", "content": {"name": "Ann", "age": 42}}
    (asked,) = seen
    assert (asked.server, asked.message, asked.mode, asked.url) == ("weather", "Who are you?", "form", None)
    assert asked.requested_schema == FORM["requestedSchema"]
    assert asked.params == FORM


def test_a_form_may_be_accepted_as_it_is() -> None:
    assert elicited({"action": "accept"}) == {"action": "accept", "content": {"age": 42}}


@pytest.mark.parametrize("action", ["decline", "cancel"])
def test_what_is_not_accepted_says_nothing(action: str) -> None:
    assert elicited({"action": action, "content": {"name": "Ann"}}) == {"action": action}


def test_a_url_is_accepted_without_content() -> None:
    seen: list[Elicitation] = []

    def answer(asked: Elicitation) -> dict[str, Any]:
        seen.append(asked)
        return {"action": "accept", "content": {"name": "Ann"}}

    url = {"mode": "url", "message": "Sign in", "url": "https://example.com/", "elicitationId": "e1"}
    result = InputHandlers(on_elicitation=answer).question("weather", "elicitation/create", url)()

    assert result == {"action": "accept"}
    assert (seen[0].mode, seen[0].url, seen[0].requested_schema) == ("url", "https://example.com/", {})


def test_a_field_may_hold_what_a_form_can() -> None:
    content = {"name": "Ann", "age": 4, "size": 1.5, "well": True, "likes": ["tea"], "note": None}

    assert elicited({"action": "accept", "content": content})["content"] == content


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "yes",
        {},
        {"action": "agree"},
        {"action": ["accept"]},
        {"action": "accept", "content": "Ann"},
        {"action": "accept", "content": {"name": {"first": "Ann"}}},
        {"action": "accept", "content": {"likes": ["tea", 4]}},
        {"action": "accept", "content": {"size": float("nan")}},
    ],
)
def test_an_answer_that_is_none_is_an_error_for_the_server_and_a_sentence_for_the_user(
    answer: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    refused = refusal(lambda: elicited(answer))

    assert (refused.code, str(refused)) == (-32603, "on_elicitation of this client gave an answer that cannot be sent")
    assert "weather: on_elicitation gave an answer that cannot be sent: " in caplog.text


def test_a_handler_that_raises_gives_no_answer_and_the_server_is_not_told_what_it_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    handlers = InputHandlers(on_elicitation=lambda _: sys.exit("secret"))

    refused = refusal(handlers.question("weather", "elicitation/create", FORM))

    assert (refused.code, str(refused)) == (-32603, "on_elicitation of this client gave no answer")
    assert "weather: on_elicitation raised, the server gets no answer" in caplog.text


@pytest.mark.parametrize(
    "params",
    [{}, {"requestedSchema": "string"}, {"mode": "url"}, {"mode": "url", "url": ""}, {"mode": "voice"}, {"mode": None}],
)
def test_a_question_that_is_none_does_not_reach_the_user(params: dict[str, Any]) -> None:
    handlers = InputHandlers(on_elicitation=lambda _: pytest.fail("asked"))

    assert refusal(lambda: handlers.question("weather", "elicitation/create", params)).code == -32602


def test_a_model_is_given_what_it_needs() -> None:
    seen: list[Sampling] = []

    def answer(asked: Sampling) -> dict[str, Any]:
        seen.append(asked)
        return WORDS

    params = {**SAMPLE, "systemPrompt": "Be brief.", "temperature": 0}
    result = InputHandlers(on_sampling=answer).question("weather", "sampling/createMessage", params)()

    assert result == WORDS
    (asked,) = seen
    assert (asked.server, asked.messages, asked.params) == ("weather", SAMPLE["messages"], params)
    assert (asked.system_prompt, asked.max_tokens) == ("Be brief.", 10)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "Hello",
        {},
        {**WORDS, "role": "system"},
        {**WORDS, "content": "Hello"},
        {**WORDS, "model": None},
        {**WORDS, "content": {"type": "text", "text": object()}},
    ],
)
def test_what_no_model_says_does_not_go_out(answer: object) -> None:
    assert refusal(lambda: sampled(answer)).code == -32603


def test_several_blocks_go_out_too() -> None:
    assert sampled({**WORDS, "content": [WORDS["content"]]})["content"] == [WORDS["content"]]


@pytest.mark.parametrize(
    "params", [{}, {"messages": "Hi"}, {**SAMPLE, "tools": [1]}, {**SAMPLE, "toolChoice": {"mode": "auto"}}]
)
def test_sampling_that_is_none_or_wants_tools_is_refused(params: dict[str, Any]) -> None:
    handlers = InputHandlers(on_sampling=lambda _: pytest.fail("asked"))

    assert refusal(lambda: handlers.question("weather", "sampling/createMessage", params)).code == -32602


def test_roots_are_file_uris_whatever_they_are_given_as(tmp_path: Path) -> None:
    given: list[Any] = [tmp_path, str(tmp_path / "a b"), "file:///media", {"uri": "file:///music", "name": "Music"}]

    assert listed(given)["roots"] == [
        {"uri": tmp_path.as_uri()},
        {"uri": f"{tmp_path.as_uri()}/a%20b"},
        {"uri": "file:///media"},
        {"uri": "file:///music", "name": "Music"},
    ]


def test_a_relative_path_is_one_of_this_process() -> None:
    assert listed(["media"])["roots"] == [{"uri": (Path.cwd() / "media").as_uri()}]


def test_a_function_says_which_roots_there_are_each_time() -> None:
    roots = ["file:///a"]
    handlers = InputHandlers(roots=lambda: roots)
    roots.append("file:///b")

    assert len(handlers.question("weather", "roots/list", {})()["roots"]) == 2


@pytest.mark.parametrize(
    "roots",
    [
        "/media",
        {"uri": "file:///media"},
        7,
        ["https://example.com/"],
        [""],
        [7],
        [{"name": "Media"}],
        [{"uri": "file:///media", "title": "Media"}],
        [{"uri": "file:///media", "name": 7}],
    ],
)
def test_roots_that_are_none_are_found_at_once_in_a_list_and_later_in_a_function(roots: Any) -> None:
    with pytest.raises(ConfigurationError, match="roots: "):
        InputHandlers(roots=roots)
    assert refusal(lambda: listed(lambda: roots)).code == -32603


class Waiter:
    async def __call__(self, asked: object) -> dict[str, Any]:
        raise NotImplementedError(asked)


async def _ask(asked: object) -> dict[str, Any]:
    raise NotImplementedError(asked)


@pytest.mark.parametrize("handler", [_ask, Waiter()])
@pytest.mark.parametrize("name", ["on_elicitation", "on_sampling", "roots"])
def test_a_coroutine_function_is_refused_where_nothing_would_await_it(name: str, handler: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is a coroutine function: it goes with AsyncMCPOrchestrator"):
        InputHandlers(**{name: handler})


def test_what_returns_a_coroutine_all_the_same_gives_no_answer() -> None:
    def answer(asked: Sampling) -> Any:
        return _ask(asked)

    question = InputHandlers(on_sampling=answer).question("weather", "sampling/createMessage", SAMPLE)

    assert refusal(question).code == -32603


@pytest.mark.parametrize("name", ["on_elicitation", "on_sampling"])
def test_a_handler_has_to_be_callable(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} must be callable"):
        InputHandlers(**{name: {"action": "accept"}})  # type: ignore[arg-type]


def test_a_round_carries_its_own_inputs_and_nothing_older() -> None:
    params: dict[str, Any] = {"name": "forecast", "inputResponses": {"old": {}}, "requestState": "old"}

    assert carried(params, {}) is params
    assert carried(params, {"requestState": "new"}) == {"name": "forecast", "requestState": "new"}
