"""Orders over HTTP: to servers, to their breakers, to read the configuration again."""

import pytest

from actors.errors import ConfigurationError
from tests.fixtures.controlled import controlling
from tests.fixtures.manual_time import eventually, on_a_loop


class File:
    """A configuration source with whatever the file says."""

    def __init__(self) -> None:
        self.path, self.loaded_at, self.error = "o.toml", 7.0, ""
        self.mistake: ConfigurationError | None = None

    async def reload(self) -> list[str]:
        if self.mistake is not None:
            raise self.mistake
        return ["a"]


@on_a_loop
async def test_a_breaker_is_held_with_a_reason_for_a_while_and_let_go_and_all_of_it_shows_at_once() -> None:
    async with controlling("a") as (controlled, _):
        wish = {"state": "open", "reason": "new disks", "for_s": 60}

        for _ in range(2):
            order = await controlled.answer("PUT", "/servers/a/breaker", wish)

            breaker = order["server"]["circuit_breaker"]
            assert (order["done"], breaker["state"], breaker["forced"]) == (True, "open", "new disks")
            assert breaker["forced_for"] == 60.0
            assert "The circuit breaker is forced open for another 60 s: new disks." in order["server"]["explain"]
        for _ in range(2):
            order = await controlled.answer("DELETE", "/servers/a/breaker")

            assert (order["done"], order["server"]["circuit_breaker"]["forced"]) == (True, "")


@on_a_loop
async def test_a_server_is_switched_off_and_on_as_often_as_wanted() -> None:
    async with controlling("a") as (controlled, _):
        for _ in range(2):
            order = await controlled.answer("POST", "/servers/a/disable")
            assert (order["done"], order["server"]["state"], order["server"]["enabled"]) == (True, "disabled", False)
        for action in ("connect", "reconnect", "health-check"):
            status, error = await controlled.refusal("POST", f"/servers/a/{action}")
            assert (status, error["message"]) == (409, "a is disabled: POST to its /enable first")
        assert (await controlled.refusal("PUT", "/servers/a/breaker", {"state": "open"}))[0] == 409
        for _ in range(2):
            order = await controlled.answer("POST", "/servers/a/enable")
            assert (order["done"], order["server"]["enabled"]) == (True, True)
        await eventually(lambda: controlled.orchestrator.is_connected("a"))


@on_a_loop
async def test_a_server_is_disconnected_connected_and_connected_anew() -> None:
    async with controlling("a") as (controlled, scripts):
        for _ in range(2):
            order = await controlled.answer("POST", "/servers/a/disconnect")
            assert (order["done"], order["server"]["state"]) == (True, "disconnected")
        for _ in range(2):
            order = await controlled.answer("POST", "/servers/a/connect")
            assert (order["done"], order["server"]["state"]) == (True, "ready")
        connections = len(scripts.wire("a").connections)

        order = await controlled.answer("POST", "/servers/a/reconnect")

        assert (order["done"], order["server"]["state"]) == (True, "ready")
        assert len(scripts.wire("a").connections) == connections + 1


@on_a_loop
async def test_a_health_check_says_whether_the_server_answers() -> None:
    async with controlling("a") as (controlled, _):
        checked = await controlled.answer("POST", "/servers/a/health-check")

        assert (checked["server"], checked["healthy"], checked["status"]) == ("a", True, "up")


@on_a_loop
async def test_the_configuration_is_read_again_and_a_mistake_in_it_changes_nothing() -> None:
    file = File()
    async with controlling("a", source=file) as (controlled, _):
        assert await controlled.answer("POST", "/reload") == {
            "touched": ["a"],
            "configuration": {"path": "o.toml", "loaded_at": 7.0, "error": ""},
        }
        file.mistake = ConfigurationError("o.toml: servers.a.command: is missing; give one")

        status, error = await controlled.refusal("POST", "/reload")

        assert (status, error["type"], error["message"]) == (422, "ConfigurationError", file.mistake.message)


@on_a_loop
async def test_without_a_file_there_is_nothing_to_read_again_and_the_answer_says_what_to_do() -> None:
    async with controlling("a") as (controlled, _):
        status, error = await controlled.refusal("POST", "/reload")

        assert (status, error["type"]) == (409, "NothingDoneError")
        assert "call reload() on the orchestrator" in error["message"]


@pytest.mark.parametrize("path", ["connect", "enable", "disable", "health-check"])
def test_orders_to_nobody_are_404_and_say_who_was_perhaps_meant(path: str) -> None:
    @on_a_loop
    async def run() -> None:
        async with controlling("sonarr") as (controlled, _):
            status, error = await controlled.refusal("POST", f"/servers/sonar/{path}")

            assert (status, error["type"]) == (404, "UnknownServerError")
            assert "did you mean 'sonarr'?" in error["message"]

    run()


@on_a_loop
async def test_no_order_is_taken_once_the_end_has_begun() -> None:
    async with controlling("a") as (controlled, _):
        controlled.control.end_streams()

        status, error = await controlled.refusal("POST", "/servers/a/disable")

        assert (status, error["type"], error["executed"]) == (503, "ServerUnavailableError", "no")
        assert controlled.orchestrator.config.servers["a"].enabled  # type: ignore[index]  # pyright: ignore[reportArgumentType] -- a NewType of str
