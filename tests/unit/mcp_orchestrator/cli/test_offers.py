"""Prompts and resources on the command line."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from mcp_orchestrator.cli import main
from tests.fixtures import odd_offers

Capture = pytest.CaptureFixture[str]
BytesCapture = pytest.CaptureFixture[bytes]

SERVER = Path(odd_offers.__file__)
RULE = "─"
NO_RESOURCES = "the server offers no resources: it does not declare them"


@pytest.fixture(autouse=True)
def _configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder with the configuration of one server with prompts and resources, and one without."""
    bare = Path(__file__).parents[3] / "fixtures" / "odd_tools.py"
    commands = {"odd": [sys.executable, "-I", str(SERVER)], "bare": [sys.executable, "-I", str(bare)]}
    sections = "".join(f"[servers.{name}]\ncommand = {json.dumps(command)}\n" for name, command in commands.items())
    settings = 'aliases = ["b"]\n[servers.dead]\ncommand = ["false"]\nmax_retries = 0\n'
    (tmp_path / "orchestrator.toml").write_text(f'[orchestrator]\nstate = "memory"\n{sections}{settings}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MCP_ORCHESTRATOR_CONFIG", raising=False)


def words(capsys: Capture) -> list[list[str]]:
    """Return what was printed: the words of each line below the table's rule."""
    lines = capsys.readouterr().out.splitlines()
    assert set(lines[1]) <= {RULE, " "}
    return [line.split() for line in lines[2:]]


def test_prompts_are_listed_with_the_arguments_they_take(capsys: Capture) -> None:
    assert main(["prompts", "odd"]) == 0

    assert words(capsys) == [
        ["greet", "who", "[tone]", "Say", "hello."],
        ["plain", "-", "No", r"\x1b[31marguments"],
        ["mixed", "-"],
    ]


def test_prompts_as_json_are_as_they_came(capsys: Capture) -> None:
    assert main(["prompts", "odd", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == [{"server": "odd", **prompt} for prompt in odd_offers.PROMPTS]


def test_a_prompt_is_filled_in(capsys: Capture) -> None:
    assert main(["prompt", "odd", "greet", "who=7", "tone="]) == 0

    assert capsys.readouterr() == ("user: Hello 7\n", "")


def test_a_prompt_has_a_paragraph_for_every_message_and_names_what_is_no_text(capsys: Capture) -> None:
    assert main(["prompt", "odd", "mixed"]) == 0

    assert capsys.readouterr().out == (
        "assistant: look\nat \x1b[31mthis\n\nassistant: [image: image/png]\n\n"
        "assistant: inside [resource_link: odd:far]\n"
    )


def test_a_prompt_as_json_is_the_whole_of_it(capsys: Capture) -> None:
    assert main(["prompt", "odd", "greet", "who=Ann", "--json"]) == 0

    content = {"type": "text", "text": "Hello Ann"}
    assert json.loads(capsys.readouterr().out) == {"messages": [{"role": "user", "content": content}]}


def test_resources_are_listed_and_then_the_templates(capsys: Capture) -> None:
    assert main(["resources", "odd"]) == 0

    assert words(capsys) == [
        ["odd:text", "text/plain", "text:", "A", "text."],
        ["odd:bytes", "-", "bytes"],
        ["odd:{which}", "-", "Any", "of", "them"],
    ]


def test_resources_as_json_are_as_they_came(capsys: Capture) -> None:
    assert main(["resources", "odd", "--json"]) == 0

    listed: list[dict[str, Any]] = [*odd_offers.RESOURCES, *odd_offers.TEMPLATES]
    assert json.loads(capsys.readouterr().out) == [{"server": "odd", **entry} for entry in listed]


@pytest.mark.parametrize(
    ("uri", "printed"),
    [("odd:text", b"a\n\x1b[31mb"), ("odd:bytes", odd_offers.DATA), ("odd:both", "é\n!".encode())],
)
def test_what_is_read_goes_to_a_pipe_as_it_is(uri: str, printed: bytes, capfdbinary: BytesCapture) -> None:
    assert main(["read", "odd", uri]) == 0

    assert capfdbinary.readouterr() == (printed, b"")


def test_what_is_read_as_json_is_the_whole_of_it(capsys: Capture) -> None:
    assert main(["read", "odd", "odd:both", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == {"contents": odd_offers.CONTENTS["odd:both"]}


class Terminal:
    """Stands for a terminal in the place of stdout: what is written to it."""

    def __init__(self) -> None:
        self.written = ""

    def isatty(self) -> bool:
        """Say so."""
        return True

    def write(self, text: str) -> int:
        """Keep it."""
        self.written += text
        return len(text)

    def flush(self) -> None:
        """Have nothing to do."""

    def fileno(self) -> int:
        """Return that of the process, which is asked for its size."""
        return os.dup(1)


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("read", "odd", "odd:text"), "a\n\\x1b[31mb\n"),
        (("read", "odd", "odd:bytes"), "[256 bytes of image/png: redirect them to a file]\n"),
        (("read", "odd", "odd:both"), "é\n[1 bytes of no known type: redirect them to a file]\n"),
        (("prompt", "odd", "greet", "who=\x1b"), "user: Hello \\x1b\n"),
    ],
)
def test_a_terminal_gets_nothing_that_it_would_obey(
    arguments: tuple[str, ...], shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)

    assert main(arguments) == 0

    assert terminal.written == shown


@pytest.mark.parametrize("command", ["prompts", "resources"])
def test_a_server_without_any_is_no_failure(command: str, capsys: Capture) -> None:
    assert main([command, "b"]) == 0

    assert capsys.readouterr() == ("", f"bare offers no {command}\n")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["prompts", "odd", "-t", "0"], 2, "--timeout must be more than 0 s, not 0"),
        (["prompts", "nobody"], 2, "Invalid server 'nobody': known servers: odd, bare, dead"),
        (["prompt", "odd", "great"], 2, "odd has no prompt 'great': did you mean greet?"),
        (["prompt", "odd", "zzz"], 2, "odd has no prompt 'zzz': see mcp-orchestrator prompts odd"),
        (["prompt", "odd", "greet"], 2, "greet needs who: write who=…"),
        (["prompt", "odd", "greet", "how=x", "who=y"], 2, "greet has no argument 'how': it takes who, tone"),
        (["prompt", "odd", "plain", "how=x"], 2, "plain has no argument 'how': it takes none"),
        (["prompt", "odd", "greet", "who"], 2, "'who' is no argument: write key=value"),
        (["prompt", "odd", "greet", "who=a", "who=b"], 2, "who is given twice: keep one"),
        (["read", "odd", ""], 2, "URI is empty: see mcp-orchestrator resources odd"),
        (["read", "bare", "odd:text"], 2, f"bare: {NO_RESOURCES} (executed: no)"),
        (["read", "odd", "odd:none"], 2, "nothing at odd:none (code -32002): see mcp-orchestrator resources odd"),
        (["read", "odd", "odd:bad"], 4, "what the server sent is no base64: Incorrect padding (executed: unknown)"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_one_line(arguments: list[str], code: int, says: str, capsys: Capture) -> None:
    assert main(arguments) == code

    assert capsys.readouterr() == ("", f"error: {says}\n")


def test_a_server_that_cannot_be_connected_is_not_asked(capsys: Capture) -> None:
    assert main(["read", "dead", "odd:text"]) == 3

    assert capsys.readouterr().err.startswith("error: dead is not connected")
