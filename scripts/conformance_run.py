"""Runs the official conformance suite against the client and the gateway, and judges what it wrote.

Run by scripts/conformance, from the top of the checkout. The suite's own exit status is not enough: it passes a
scenario in which nothing was checked, and does not ask how a client ended. So each scenario that has to pass must
have run, checked something, failed at nothing, not even with a warning, and its client must have said that it finished.

The client is tests/conformance/client.py. The gateway is `mcp-orchestrator serve` before tests/conformance/upstream.py,
over HTTP and over pipes, each spoken to in its own era and as to a legacy server with `per_session`; the upstream has
to pass alone first, or nothing is said about the gateway.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.conformance.serving import gateway, upstream  # noqa: E402 -- found from there
from tests.conformance.suite import (  # noqa: E402
    CONFORMANCE,
    REVISIONS,
    Outcome,
    Side,
    Suite,
    expected_failures,
    outcomes,
    say,
)

CLIENT_LIMIT_S = 90

_PRESERVATION = (
    "json-schema-2020-12-preservation"  # Newer than the requirements, so the suite runs and does not score it.
)
CLIENT_MUST_PASS: Mapping[str, frozenset[str]] = {
    "2025-11-25": frozenset(
        {"initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry", _PRESERVATION}
    ),
    "2026-07-28": frozenset(
        {
            "tools_call",
            "request-metadata",
            "sep-2322-client-request-state",
            "http-standard-headers",
            "http-custom-headers",
            "http-invalid-tool-headers",
            "json-schema-ref-no-deref",
            _PRESERVATION,
        }
    ),
}
# So many scenarios each revision requires of servers, for good: that none is missing in the suite's own list.
SERVER_MUST_PASS: Mapping[str, int] = {"2025-11-25": 30, "2026-07-28": 37}


def main() -> int:
    """Print one line a scenario, and what went wrong below it. Exit status 1: something that must pass did not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("node_modules", type=Path)
    parser.add_argument("--side", choices=["client", "server"], help="not given: both")
    parser.add_argument("revisions", nargs="*", metavar="REVISION", help=f"of {', '.join(REVISIONS)}; none: all")
    arguments = parser.parse_intermixed_args()
    revisions: list[str] = arguments.revisions or list(REVISIONS)
    if unknown := set(revisions) - set(REVISIONS):
        parser.error(f"unknown revision {', '.join(sorted(unknown))}")
    os.chdir(ROOT)
    suite = Suite(arguments.node_modules.resolve())
    good: list[bool] = []
    if arguments.side != "server":
        good += [_client_passes(suite, revision) for revision in revisions]
    if arguments.side != "client":
        good.append(_servers_pass(suite, revisions))
    return 0 if all(good) else 1


def _client_passes(suite: Suite, revision: str) -> bool:
    # The suite splits the command at spaces: paths from here have none, wherever the checkout is.
    client = f"{os.path.relpath(sys.executable)} {CONFORMANCE}/client.py"
    words = ["--command", client, "--timeout", str(CLIENT_LIMIT_S * 1000)]
    return _passes(suite, "client", revision, words, CLIENT_MUST_PASS[revision], "")


def _servers_pass(suite: Suite, revisions: list[str]) -> bool:
    folder = Path(".cache/conformance/servers")
    folder.mkdir(parents=True, exist_ok=True)
    with upstream(folder) as url:
        good = [_server_passes(suite, revision, url, "upstream") for revision in revisions]
        if not all(good):
            return False
        with gateway(folder, url) as gateway_url:
            good += [_server_passes(suite, revision, gateway_url, "gateway") for revision in revisions]
        with gateway(folder, url, legacy=True) as gateway_url:
            good += [_server_passes(suite, revision, gateway_url, "gateway-legacy") for revision in revisions]
    with gateway(folder, None) as gateway_url:
        good += [_server_passes(suite, revision, gateway_url, "gateway-stdio") for revision in revisions]
    with gateway(folder, None, legacy=True) as gateway_url:
        good += [_server_passes(suite, revision, gateway_url, "gateway-legacy-stdio") for revision in revisions]
    return all(good)


def _server_passes(suite: Suite, revision: str, url: str, subject: str) -> bool:
    required = suite.required("server", revision)
    if len(required) != SERVER_MUST_PASS[revision]:
        say(f"FAILED {revision}  the suite requires {len(required)} scenarios, not {SERVER_MUST_PASS[revision]}")
        return False
    return _passes(suite, "server", revision, ["--url", url], required, subject)


def _passes(  # noqa: PLR0913, PLR0917 -- one run of the suite, and what it is to show
    suite: Suite, side: Side, revision: str, words: list[str], must_pass: frozenset[str], subject: str
) -> bool:
    """Run all scenarios of one revision, and report on them."""
    file = _expected(revision, subject)
    expected = expected_failures(side, file) if file is not None else frozenset[str]()
    folder, where = Path(".cache/conformance") / revision / (subject or side), f"{revision}  {subject}".rstrip()
    trouble = suite.run(side, revision, words, folder, expected=file if expected else None)
    found = {outcome.scenario: outcome for outcome in outcomes(side, folder)}
    good = [_report(where, name, found.get(name)) for name in sorted(must_pass - expected)]
    for name in sorted(expected):
        failed_too = name in found and bool(found[name].wrong)
        good.append(failed_too)
        say(f"{'fails ' if failed_too else 'FAILED'} {where}  {name}{'' if failed_too else ': expected to fail'}")
    if others := sorted(found.keys() - must_pass - expected):
        say(f"       {where}  nothing is expected of {', '.join(others)}")
    if trouble is not None:
        say(f"FAILED {where}  the suite: {trouble}; see {folder}/suite.txt")
    return trouble is None and all(good)


def _expected(revision: str, subject: str) -> Path | None:
    """Return the file that names what fails; None where nothing does."""
    of_legacy = CONFORMANCE / f"expected-failures-{revision}-legacy.yml"
    if "legacy" in subject and of_legacy.exists():
        return of_legacy
    return None if subject == "upstream" else CONFORMANCE / f"expected-failures-{revision}.yml"


def _report(where: str, name: str, outcome: Outcome | None) -> bool:
    """Print what came of a scenario that must pass, and say whether it has."""
    if outcome is None:
        say(f"FAILED {where}  {name}: it did not run")
        return False
    passed = outcome.succeeded > 0 and not outcome.wrong and outcome.finished
    say(f"{'ok    ' if passed else 'FAILED'} {where}  {name}: {outcome.succeeded} checks")
    if not passed:
        wrong = outcome.wrong or ("the client did not finish",)
        for line in [*wrong, *outcome.stderr.splitlines()[-20:]]:
            say(f"           {line}")
    return passed


if __name__ == "__main__":
    sys.exit(main())
