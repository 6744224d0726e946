"""Where things lie that tests read: the repository, and the shared media beside it, which may be missing."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
SHARED_MEDIA = SHARED / "media"
