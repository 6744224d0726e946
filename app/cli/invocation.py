"""What the options before a command say, and how a command answers a program."""

import codecs
import sys
from typing import TYPE_CHECKING, Any

from app.harmless import json_line
from app.logs import StandardErrorLog

if TYPE_CHECKING:
    from app.settings import Settings


class Invocation:
    """What the global options said; the settings are built when a command asks for them."""

    def __init__(self, overrides: dict[str, Any], as_json: bool, log: StandardErrorLog) -> None:
        self.overrides = overrides
        self.as_json = as_json
        self._log = log

    @property
    def settings(self) -> "Settings":
        """The settings of the environment and of the options, which the log follows from here. Raises InputError."""
        from pydantic import ValidationError

        from app.settings import Settings
        from retrieval.errors import InputError

        try:
            settings = Settings(**self.overrides)
        except ValidationError as error:
            first = error.errors()[0]
            name = "MOMENTS_" + "_".join(str(part) for part in first["loc"]).upper()
            raise InputError(f"{name} is {first['input']!r}: {first['msg']}") from error
        self._log.follow(settings.log_format, settings.log_level)
        return settings


def emit_json(value: object) -> None:
    """One JSON document on one line of standard output."""
    sys.stdout.write(json_line(value, ascii_only=codecs.lookup(sys.stdout.encoding).name != "utf-8") + "\n")
    sys.stdout.flush()
