"""Settings of storage and models, read once at the edge and passed in."""

import os
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from retrieval.domain import Profile

SpeechEngine = Literal["auto", "openai-whisper"]


class RetrievalSettings(BaseSettings):
    """Where the index lies and which models read it."""

    model_config = SettingsConfigDict(env_prefix="MOMENTS_", extra="ignore", frozen=True)

    data_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("moments")),
        description="Folder that holds everything: catalog, vectors, thumbnails, jobs.",
    )
    profile: Profile = Field(
        default=Profile.AUTO,
        description="Set of models: lite, standard, max, or auto (standard with its weights there, or lite).",
    )
    models: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Models that take the place of the profile's, by name, separated by commas.",
    )
    models_dir: Path | None = Field(
        default=None,
        description="Folder with model weights as plain files, looked into before the hub cache.",
    )
    database_url: str | None = Field(
        default=None,
        description="SQLAlchemy URL of the catalog; SQLite in the data folder if unset.",
    )
    qdrant_url: str | None = Field(
        default=None,
        description="URL of a Qdrant server; vectors are kept in the data folder if unset.",
    )
    qdrant_api_key: str | None = Field(default=None, description="API key of the Qdrant server, if it wants one.")
    media_roots: Annotated[tuple[Path, ...] | None, NoDecode] = Field(
        default=None,
        description="The only folders whose files are read, separated as in PATH; any if unset.",
    )
    device: str = Field(default="auto", description="Where models of torch and of speech run: auto, cpu, cuda.")
    speech_engine: SpeechEngine = Field(
        default="auto",
        description="What runs Whisper: auto (faster-whisper where it can, or openai-whisper), or openai-whisper.",
    )

    @property
    def made_models_dir(self) -> Path:
        """Where what is made for models on this machine is kept."""
        return self.data_dir.expanduser().absolute() / "models"

    @field_validator("models", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value

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
