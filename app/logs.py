"""The log: one line for each record, as text or as JSON, with the request or the job that it is about."""

import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from app.harmless import LogFormatter, json_line, say
from retrieval.log_context import at_work
from retrieval.path_text import readable

_log = logging.getLogger(__name__)


class LogFormat(StrEnum):
    """How a line of the log is written."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """From where on lines are written."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class TextLines(LogFormatter):
    """``2026-05-31T14:30:02.125Z WARNING indexer.jobs.queue [job 5f0c…]: words``."""

    def __init__(self) -> None:
        super().__init__("%(time)s %(levelname)s %(name)s%(about)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the library's name
        record.time = _time(record)
        record.about = "".join(f" [{name.removesuffix('_id')} {value}]" for name, value in at_work().items())
        return super().formatMessage(record)


class JsonLines(logging.Formatter):
    """One JSON object for each record: ``fields`` given with it are its own, a traceback is text in it."""

    def format(self, record: logging.LogRecord) -> str:
        fields: Mapping[str, Any] = getattr(record, "fields", {})
        value = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": readable(record.getMessage()),
            **at_work(),
            **{name: readable(field) if isinstance(field, str) else field for name, field in fields.items()},
        }
        if record.exc_info:
            value["traceback"] = readable(self.formatException(record.exc_info))
        return json_line(value)


def formatter_of(log_format: LogFormat) -> logging.Formatter:
    """What writes lines so."""
    match log_format:
        case LogFormat.TEXT:
            return TextLines()
        case LogFormat.JSON:
            return JsonLines()


class StandardErrorLog:
    """The log on standard error: warnings as text, until the settings are known."""

    def __init__(self, *, is_verbose: bool) -> None:
        self._is_verbose = is_verbose
        self._handler = logging.StreamHandler(sys.stderr)
        self._handler.setFormatter(TextLines())
        logging.basicConfig(level=logging.INFO if is_verbose else logging.WARNING, handlers=[self._handler])

    def follow(self, log_format: LogFormat, level: LogLevel) -> None:
        """Write lines as the settings say; who asked for more than they do gets it."""
        self._handler.setFormatter(formatter_of(log_format))
        root = logging.getLogger()
        if self._handler in root.handlers:
            wanted = logging.getLevelNamesMapping()[level.upper()]
            root.setLevel(min(wanted, logging.INFO) if self._is_verbose else wanted)


@contextmanager
def service_log(log_format: LogFormat) -> Iterator[None]:
    """Logs, for the block, what a process that runs for long does: the ends of its jobs, at every level of the rest.

    In JSON, also what Python itself would print: warnings, and errors that end a thread.
    """
    logs = [logging.getLogger(name) for name in ("indexer", __name__)]
    levels, hook = [log.level for log in logs], threading.excepthook
    is_json = log_format is LogFormat.JSON
    try:
        for log in logs:
            log.setLevel(min(logging.getLogger().level, logging.INFO))
        if is_json:
            logging.captureWarnings(capture=True)
            threading.excepthook = _log_thread
        yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)
        if is_json:
            logging.captureWarnings(capture=False)
            threading.excepthook = hook


def tell(words: str, log_format: LogFormat) -> None:
    """One line to whoever started a service, in the log's own format where programs read it."""
    match log_format:
        case LogFormat.TEXT:
            say(words, err=True)
        case LogFormat.JSON:
            _log.info("%s", words)


def _log_thread(args: threading.ExceptHookArgs) -> None:
    name = args.thread.name if args.thread is not None else "unknown"
    error = args.exc_value or args.exc_type()
    _log.error("thread %s ended: %r", name, error, exc_info=error)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
