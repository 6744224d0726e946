"""Settings of the doors, on top of those of indexing and retrieval: the one object built at the edge."""

import ipaddress
import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from indexer.settings import IndexSettings


class Settings(IndexSettings):
    """Everything that MOMENTS_* variables can set."""

    host: str = Field(default="127.0.0.1", description="Address that `moments serve` listens on.")
    port: int = Field(default=8321, ge=0, le=65535, description="Port that `moments serve` listens on; 0 picks one.")
    media_roots: Annotated[tuple[Path, ...] | None, NoDecode] = Field(
        default=None,
        description="Folders whose files may be added by path over HTTP, separated as in PATH.",
    )

    export_encoders: int = Field(default=2, ge=1, le=64, description="Exports that are encoded at the same time.")
    export_max_s: float = Field(default=1800.0, gt=0, description="Longest mp4 or reel that is encoded, in seconds.")
    clip_cache_mb: int = Field(default=2000, ge=0, description="Space for clips that players have asked for, in MB.")

    @field_validator("media_roots", mode="before")
    @classmethod
    def _split_folders(cls, value: object) -> object:
        return tuple(folder for folder in value.split(os.pathsep) if folder) if isinstance(value, str) else value

    @field_validator("media_roots")
    @classmethod
    def _absolute(cls, folders: tuple[Path, ...] | None) -> tuple[Path, ...] | None:
        for folder in folders or ():
            if not folder.is_absolute():
                raise ValueError(f"{folder} is not an absolute path")
        return folders

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach ``host``."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
