"""`mcp-orchestrator init`: from addresses and keys to a configuration of which every connection was tried."""

import getpass
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mcp_orchestrator.cli.exits import ExitCode, UsageError, error_text
from mcp_orchestrator.cli.finding import NAME as DEFAULT_NAME
from mcp_orchestrator.cli.init_check import FIRST_READ, Finding, checked, mistake_in
from mcp_orchestrator.cli.init_files import SECRETS, Choice, Target
from mcp_orchestrator.cli.media import require_media
from mcp_orchestrator.cli.wording import count
from mcp_orchestrator.config.presets import PRESETS, Preset

_LEFT_OUT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the options say of one application; None where they say nothing."""

    url: str | None
    secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to go about it. `asks`: there is somebody to ask."""

    target: Target
    asks: bool
    checks: bool


def init(wishes: Mapping[str, Wish], manner: Manner, environ: Mapping[str, str] = os.environ) -> ExitCode:
    """Write a configuration for the applications wished for, or asked for, and say what to do next."""
    require_media("init")
    manner.target.check()
    if not manner.asks and (lost := [name for name, wish in wishes.items() if wish.secret and not wish.url]):
        raise UsageError(f"a secret is given for {lost[0]}, and no address: give --{lost[0]}-url")
    known = {name: _with_variable(PRESETS[name], wish, environ) for name, wish in wishes.items()}
    try:
        choices = list(_asked(known, manner)) if manner.asks else _told(known, manner)
    except (KeyboardInterrupt, EOFError):
        sys.stdout.flush()
        sys.stderr.write("\ninterrupted: nothing is written\n")
        return ExitCode.INTERRUPTED
    if choices is None:
        return ExitCode.FAILED
    if not choices:
        raise UsageError("every application is left out, so nothing is written: give one an address")
    manner.target.write(choices)
    _say_what_is_next(choices, manner.target)
    return ExitCode.OK


def _with_variable(preset: Preset, wish: Wish, environ: Mapping[str, str]) -> Wish:
    """Take the secret from the environment, if the application is one that is wished for."""
    secret = wish.secret or environ.get(preset.variable(preset.secret)) or ""
    return replace(wish, secret=secret.strip() or None)


# -- without anybody to ask -----------------------------------------------------------------------------------------


def _told(wishes: Mapping[str, Wish], manner: Manner) -> list[Choice] | None:
    """Return what the options say; None, and all told, if an application does not answer."""
    chosen = {name: wish for name, wish in wishes.items() if wish.url not in {None, "", _LEFT_OUT}}
    choices = [_complete(PRESETS[name], wish) for name, wish in chosen.items()]
    if not choices:
        raise UsageError(
            "nobody is there to be asked, and no address is given: give --sabnzbd-url, --sonarr-url, --radarr-url or "
            "--plex-url, and the keys in variables such as SABNZBD_API_KEY"
        )
    for choice in choices:
        if (mistake := mistake_in(choice)) is not None:
            raise UsageError(mistake)
        manner.target.check_secret(choice)
    if not manner.checks:
        return choices
    findings = checked(choices)
    for finding in findings:
        _tell(finding)
    if all(finding.answers for finding in findings):
        return choices
    sys.stderr.write("nothing is written: correct it, or write it untried with --no-check\n")
    return None


def _complete(preset: Preset, wish: Wish) -> Choice:
    if not wish.secret:
        variable = preset.variable(preset.secret)
        raise UsageError(
            f"{preset.title}'s {_called(preset)} is missing: set {variable} to what stands under {preset.secret_found}"
        )
    return Choice(preset=preset, url=_address(wish.url or ""), secret=wish.secret)


def _tell(finding: Finding) -> None:
    if not finding.answers:
        sys.stdout.flush()
        sys.stderr.write(f"{error_text(UsageError(finding.text))}\n")
        return
    _say(finding.text)
    for issue in finding.issues:
        _say(f"  it reports: {issue}")


# -- on a terminal --------------------------------------------------------------------------------------------------


def _asked(wishes: Mapping[str, Wish], manner: Manner) -> Iterator[Choice]:
    """Ask for one application after the other, each until it answers or is left out."""
    _say(f"Enter takes what stands in brackets; {_LEFT_OUT} leaves an application out; Ctrl-C ends without a trace.")
    for name, wish in wishes.items():
        if (choice := _ask(PRESETS[name], wish, manner)) is not None:
            yield choice


def _ask(preset: Preset, wish: Wish, manner: Manner) -> Choice | None:
    usual, url, secret, typed = preset.example, wish.url, wish.secret, ""
    while True:
        _say()
        url = _address(url or input(f"{preset.title}'s address [{usual}]: ").strip() or usual)
        if url == _LEFT_OUT:
            return None
        # Its address first: nobody should look for a key in vain.
        wrong = mistake_in(Choice(preset=preset, url=url, secret="not-known-yet"))  # noqa: S106 -- as it says
        if wrong is None:
            usual = url
            typed = secret or _ask_secret(preset, typed)
            if typed == _LEFT_OUT:
                return None
            choice = Choice(preset=preset, url=url, secret=typed)
            wrong = mistake_in(choice) or _what_is_wrong(choice, manner)
            if wrong is None:
                return choice
        _say(f"That does not work: {wrong}")
        url = secret = None


def _what_is_wrong(choice: Choice, manner: Manner) -> str | None:
    """Try the connection, and tell what answers; return what is wrong."""
    manner.target.check_secret(choice)
    if not manner.checks:
        return None
    _say(f"asking {choice.preset.title} …")
    (finding,) = checked([choice])
    if not finding.answers:
        return finding.text
    _tell(finding)
    return None


def _ask_secret(preset: Preset, before: str) -> str:
    """Return what is typed. `before`: what was typed for another address, and which Enter takes again."""
    again = "; Enter takes the one before" if before else ""
    prompt = f"{preset.title}'s {_called(preset)} ({preset.secret_found}; it is not shown{again}): "
    return getpass.getpass(prompt).strip() or before


# -- both -----------------------------------------------------------------------------------------------------------


def _address(text: str) -> str:
    """Return an address in full; people leave out what their browser leaves out."""
    if text != _LEFT_OUT and not text.lower().startswith(("http:", "https:")) and "://" not in text:
        text = f"http://{text}"
    return text.rstrip("/")


def _say(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _called(preset: Preset) -> str:
    return preset.secret.replace("api_key", "API key")


def _say_what_is_next(choices: Sequence[Choice], target: Target) -> None:
    folder = target.config.parent / SECRETS
    _say(f"\nWritten: {target.config}, and {count(len(choices), 'secret')} in {folder}, which only you can read. Next:")
    first = choices[0].preset.name
    path = "" if target.config == Path(DEFAULT_NAME) else shlex.quote(str(target.config))
    _say(f"  mcp-orchestrator run{' ' * bool(path)}{path}")
    _say(f"  mcp-orchestrator call {first} {FIRST_READ[first]}{' --config ' * bool(path)}{path}")
