"""`moments` as on a terminal, in this process: quick, where a subprocess is not the point."""

import json
import sys
from dataclasses import dataclass
from typing import Any
from unittest import mock

import pytest

from app.cli.main import main


@dataclass(frozen=True)
class Call:
    """What one call gave."""

    code: int
    out: str
    errors: str

    @property
    def row(self) -> dict[str, Any]:
        (only,) = [json.loads(line) for line in self.out.splitlines()]
        assert isinstance(only, dict)
        return only


def moments(capsys: pytest.CaptureFixture[str], *arguments: str) -> Call:
    """Call `moments` with these arguments."""
    capsys.readouterr()
    with mock.patch.object(sys, "argv", ["moments", *arguments]), pytest.raises(SystemExit) as ended:
        main()
    out, errors = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return Call(ended.value.code, out, errors)
