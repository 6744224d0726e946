"""Settings of indexing, on top of those of retrieval."""

from pydantic import Field

from indexer.decode import Skip
from retrieval.settings import RetrievalSettings


class IndexSettings(RetrievalSettings):
    """How videos are cut and sampled."""

    window_s: float = Field(
        default=2.0,
        ge=0.5,
        le=30.0,
        description="Length that windows aim at, in seconds; never across a cut.",
    )
    sample_fps: float = Field(
        default=2.0, ge=0.1, le=10.0, description="Frames looked at per second while the picture changes."
    )
    skip: Skip = Field(
        default=Skip.NONE,
        description="Frames not decoded, for speed: none, fast (those nothing refers to), fastest (all but keyframes).",
    )
    index_workers: int = Field(
        default=1,
        ge=0,
        le=64,
        description="Videos indexed at the same time by one process; 0 leaves them to `moments worker`.",
    )
    max_upload_gb: float = Field(
        default=10.0, gt=0, description="Largest file that is taken by upload or from an address, in GB."
    )
    allow_private_urls: bool = Field(
        default=False, description="Whether files may be fetched from addresses inside private networks."
    )

    @property
    def max_upload_bytes(self) -> int:
        return int(self.max_upload_gb * 1e9)
