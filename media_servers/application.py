"""Where a real application is and how to get in, from environment variables. Shared by the four."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

TIMEOUT_S = 60.0  # A large library takes up to half a minute to list.
LONGEST_TIMEOUT_S = 3600.0


class SettingsError(Exception):
    """The environment does not say where the application is. The text names the variable and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One of the four, and what its variables are called: NAME_URL, NAME_API_KEY (Plex: NAME_TOKEN), and so on."""

    name: str
    title: str
    secret: str  # "API_KEY" or "TOKEN".
    secret_found: str  # Where the user finds it.
    example: str  # An address as it is after installation.

    @property
    def url_variable(self) -> str:
        """Name of the variable with the application's address."""
        return f"{self.name.upper()}_URL"

    @property
    def secret_variable(self) -> str:
        """Name of the variable with the key or token."""
        return f"{self.name.upper()}_{self.secret}"

    # In sentences about a running application: who set it in an orchestrator's preset knows no variable.

    @property
    def url_setting(self) -> str:
        """The address, as those who set it know it."""
        return f"{self.url_variable} (url in a preset)"

    @property
    def timeout_setting(self) -> str:
        """The time limit, as those who set it know it."""
        return f"{self.name.upper()}_TIMEOUT_S (timeout_s beside a preset)"

    @property
    def secret_setting(self) -> str:
        """The key or token, as those who set it know it."""
        return f"{self.secret_variable} ({self.secret.lower()} in a preset)"


SABNZBD = Application(
    name="sabnzbd",
    title="SABnzbd",
    secret="API_KEY",  # noqa: S106 -- the name of a variable
    secret_found="Config > General > API Key",  # noqa: S106 -- a place
    example="http://127.0.0.1:8080",
)
SONARR = Application(
    name="sonarr",
    title="Sonarr",
    secret="API_KEY",  # noqa: S106 -- as above
    secret_found="Settings > General > API Key",  # noqa: S106 -- as above
    example="http://127.0.0.1:8989",
)
RADARR = Application(
    name="radarr",
    title="Radarr",
    secret="API_KEY",  # noqa: S106 -- as above
    secret_found="Settings > General > API Key",  # noqa: S106 -- as above
    example="http://127.0.0.1:7878",
)
PLEX = Application(
    name="plex",
    title="Plex",
    secret="TOKEN",  # noqa: S106 -- as above
    secret_found="X-Plex-Token in the address of any item's XML view",  # noqa: S106 -- as above
    example="http://127.0.0.1:32400",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A running application. `url` has no slash at its end and may have a path (a URL base)."""

    application: Application
    url: str
    secret: str = field(repr=False)
    timeout_s: float = TIMEOUT_S  # For one call of a tool, all its answers together.
    ca_file: str | None = None  # Certificates to trust in place of the system's.

    @property
    def title(self) -> str:
        """The application's name, for people."""
        return self.application.title

    def without_secret(self, text: str) -> str:
        """Take the secret out of words that came from elsewhere: some applications and proxies repeat an address."""
        return text.replace(self.secret, "…").replace(quote(self.secret, safe=""), "…") if self.secret else text


def access(application: Application, environ: Mapping[str, str]) -> Access:
    """Read NAME_URL, NAME_API_KEY or NAME_API_KEY_FILE, NAME_TIMEOUT_S and NAME_CA_FILE. Raises SettingsError.

    Empty is as good as not set: compose files set what they do not know to nothing.
    """
    url_variable, secret_variable = application.url_variable, application.secret_variable
    url = environ.get(url_variable, "")
    if not url:
        raise SettingsError(
            f"{url_variable} is not set: set it to {application.title}'s address, such as {application.example}, "
            f"and {secret_variable} to what stands under {application.secret_found}; or give --simulate"
        )
    return Access(
        application=application,
        url=_url(url, url_variable, application),
        secret=_secret(application, environ),
        timeout_s=_timeout_s(environ, f"{application.name.upper()}_TIMEOUT_S"),
        ca_file=_ca_file(environ, f"{application.name.upper()}_CA_FILE"),
    )


def _url(url: str, variable: str, application: Application) -> str:
    wanted = f"such as {application.example}"
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # A port that is none, a bracket too many.
        known = False
        parts = urlsplit("")
    if not known or any(character.isspace() for character in url):
        raise SettingsError(f"{variable} is not an http or https address: correct it, {wanted}")
    if parts.username is not None or parts.password is not None:
        raise SettingsError(f"{variable} holds a password: leave it out, {wanted}")
    if parts.query or parts.fragment:
        raise SettingsError(f"{variable} has something behind a ? or #: leave it out, {wanted}")
    return url.rstrip("/")


def _secret(application: Application, environ: Mapping[str, str]) -> str:
    variable = application.secret_variable
    secret, file = environ.get(variable, ""), environ.get(f"{variable}_FILE", "")
    if secret and file:
        raise SettingsError(f"{variable} and {variable}_FILE are both set: leave one out")
    if file:
        try:
            secret = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            why = (error.strerror or "unreadable") if isinstance(error, OSError) else "not a UTF-8 text"
            raise SettingsError(f"{variable}_FILE: {file} cannot be read ({why}): correct the path") from error
    if not secret:
        raise SettingsError(
            f"{variable} is not set: set it to what stands in {application.title} under {application.secret_found}"
        )
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise SettingsError(f"{variable} has characters that no key has: copy it again, without spaces")
    return secret


def _timeout_s(environ: Mapping[str, str], variable: str) -> float:
    text = environ.get(variable, "")
    if not text:
        return TIMEOUT_S
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= LONGEST_TIMEOUT_S:
        raise SettingsError(f"{variable} is no number of seconds above 0 and up to {LONGEST_TIMEOUT_S:.0f}: correct it")
    return seconds


def _ca_file(environ: Mapping[str, str], variable: str) -> str | None:
    file = environ.get(variable) or None
    if file is not None and not Path(file).is_file():
        raise SettingsError(f"{variable}: there is no file {file}: correct the path")
    return file
