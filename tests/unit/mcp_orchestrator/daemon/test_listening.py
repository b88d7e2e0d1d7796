"""Where the daemon listens, as people are told it and as it reaches itself."""

import socket
from pathlib import Path

import pytest

from actors.errors import ConfigurationError
from mcp_orchestrator.access import Tokens
from mcp_orchestrator.access.token_file import create
from mcp_orchestrator.config.daemon import DaemonSettings
from mcp_orchestrator.daemon.application import tokens_for
from mcp_orchestrator.daemon.configuration import Configuration
from mcp_orchestrator.daemon.listening import listening, reached_at, url

NONE = tokens_for(Configuration({"a": {"command": ["x"]}}))


def test_a_port_of_its_own_is_taken_at_once() -> None:
    with listening(DaemonSettings(port=0), [], NONE) as (listener,):
        port = listener.getsockname()[1]

        assert url(listener) == f"http://127.0.0.1:{port}/mcp"
        assert reached_at(listener) == ("127.0.0.1", port)
        with socket.create_connection(("127.0.0.1", port)):
            pass


def test_an_address_of_six_is_written_in_brackets() -> None:
    with listening(DaemonSettings(host="::1", port=0), [], NONE) as (listener,):
        assert url(listener) == f"http://[::1]:{listener.getsockname()[1]}/mcp"


def test_a_port_that_somebody_has_is_one_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with (
            pytest.raises(ConfigurationError, match=f"cannot serve at 127.0.0.1, port {port}: Address already in use"),
            listening(DaemonSettings(port=port), [], NONE),
        ):
            pass


def test_an_address_of_another_machine_is_one_clear_error(tmp_path: Path) -> None:
    create(tmp_path / "tokens.json", "agent", scopes=("call",))
    guarded = Tokens(tmp_path / "tokens.json", is_open_without=False)

    with (
        pytest.raises(ConfigurationError, match=r"cannot serve at 192\.0\.2\.1.*Take a host of this machine"),
        listening(DaemonSettings(host="192.0.2.1"), [], guarded),
    ):
        pass


def test_passed_sockets_go_before_host_and_port_and_are_closed_with_it(tmp_path: Path) -> None:
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(tmp_path / "http"))
    unix.listen()
    tcp = socket.create_server(("127.0.0.1", 0))

    with listening(DaemonSettings(port=1), [unix, tcp], NONE) as listeners:
        assert listeners == [unix, tcp]
        assert url(unix) == f"unix:{tmp_path / 'http'}"
        assert reached_at(unix) == str(tmp_path / "http")

    assert (unix.fileno(), tcp.fileno()) == (-1, -1)


def test_a_passed_socket_that_others_reach_needs_a_token_too() -> None:
    everywhere = socket.create_server(("0.0.0.0", 0))  # noqa: S104 -- to be refused

    with pytest.raises(ConfigurationError, match="token"), listening(DaemonSettings(), [everywhere], NONE):
        pass

    assert everywhere.fileno() == -1


def test_one_that_listens_everywhere_reaches_itself_on_this_machine() -> None:
    with socket.create_server(("0.0.0.0", 0)) as everywhere:  # noqa: S104 -- nobody knows the port
        assert reached_at(everywhere) == ("127.0.0.1", everywhere.getsockname()[1])


@pytest.mark.parametrize("is_passed", [False, True], ids=["of its own", "passed"])
def test_an_answer_does_not_wait_for_its_head_to_be_acknowledged(is_passed: bool) -> None:  # noqa: FBT001 -- a case
    passed = [socket.create_server(("127.0.0.1", 0))] if is_passed else []

    with (
        listening(DaemonSettings(port=0), passed, NONE) as (listener,),
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
