"""Settings of the doors, on top of those of indexing and retrieval: the one object built at the edge."""

from pydantic import Field

from indexer.settings import IndexSettings


class Settings(IndexSettings):
    """Everything that MOMENTS_* variables can set."""

    host: str = Field(default="127.0.0.1", description="Address that `moments serve` listens on.")
    port: int = Field(default=8321, ge=0, le=65535, description="Port that `moments serve` listens on; 0 picks one.")
