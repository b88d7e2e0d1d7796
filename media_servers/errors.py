"""What a backend may refuse, for the tools: each text is one sentence that ends in the remedy."""


class BackendError(Exception):
    """Root. The caller of the tool reads the text as it stands; any other exception is a bug and stays here."""


class UnknownIdError(BackendError):
    """Nothing has this id. The text names the tool that lists the ids."""


class RefusedError(BackendError):
    """The request makes no sense in the present state, or its arguments do not fit together."""


class UnreachableError(BackendError):
    """Nobody answers at the application's address: nothing was done."""


class SecretRefusedError(BackendError):
    """The application does not know the key or token: nothing was done."""


class BadAnswerError(BackendError):
    """What answers is not the application, or it has failed."""


class FailedError(BadAnswerError):
    """The application itself says that it failed (HTTP 5xx). `what`: "HTTP 503, its words", to say it better."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__(text)
        self.what = what


class UnclearError(BackendError):
    """A change was sent and its answer was lost: it may have been made. The text names the tool that shows it."""
