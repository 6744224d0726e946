"""Settings of indexing, on top of those of retrieval."""

from pydantic import Field

from indexer.skip import Skip
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
    max_video_hours: float = Field(
        default=24.0,
        gt=0.0,
        le=168.0,
        description="Longest part of a video that is indexed, in hours; the rest is left out, with a warning.",
    )
    speakers: bool = Field(
        default=True, description="Whether voices are told apart while indexing, and kept to know them again."
    )
    index_workers: int = Field(
        default=1,
        ge=0,
        le=64,
        description="Videos indexed at the same time by one process; 0 leaves them to `moments worker`.",
    )
    decode_memory_gb: float = Field(
        default=4.0, ge=0.25, description="Memory that decoding one file may take, in GB; more fails the file."
    )
    decode_patience_s: float = Field(
        default=120.0,
        ge=1.0,
        description="How long decoding may go on without getting on, in seconds, and 1 s per 20 MB of the file.",
    )
    decode_output_gb: float = Field(
        default=20.0, ge=0.1, description="Pictures and sound that decoding one file may leave on disk, in GB."
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
