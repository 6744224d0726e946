"""`python -m app.http.openapi` writes the description of the REST API to docs/openapi.json, or to the file named."""

import json
import sys
import tempfile
from pathlib import Path

from app.http.application import create_app
from app.settings import Settings


def write_description(target: Path) -> None:
    """Write what a server of this version says of itself."""
    with tempfile.TemporaryDirectory() as folder:
        api = create_app(Settings(data_dir=Path(folder)))
        target.write_text(json.dumps(api.openapi(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_description(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "docs" / "openapi.json")
