"""Settings of the doors, on top of those of indexing and retrieval: the one object built at the edge."""

import ipaddress
import re
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from app.logs import LogFormat, LogLevel
from indexer.settings import IndexSettings

OWN_PATHS = frozenset(("docs", "healthz", "library", "metrics", "readyz", "search", "sign-in", "v1", "watch", "web"))
"""How the paths of pages and routes begin: under a base path like one of them, it could not be told from them."""

_BASE_PATH = re.compile(r"(/[A-Za-z0-9._~-]*[A-Za-z0-9_~-])+")
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")


class Settings(IndexSettings):
    """Everything that MOMENTS_* variables can set."""

    log_format: LogFormat = Field(
        default=LogFormat.TEXT, description="How lines of the log are written: text, or json, an object a line."
    )
    log_level: LogLevel = Field(
        default=LogLevel.WARNING,
        description="From where on lines are logged: info (with a line for each request), warning, error.",
    )
    host: str = Field(default="127.0.0.1", description="Address that `moments serve` listens on.")
    port: int = Field(default=8321, ge=0, le=65535, description="Port that `moments serve` listens on; 0 picks one.")
    root_path: str = Field(
        default="", description="Path that a proxy serves everything under, as /moments; the root if unset."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Addresses or networks of proxies, separated by commas, believed as this machine's own are.",
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Origins of other sites, as https://app.example, separated by commas, whose pages may use the API.",
    )
    heavy_requests: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Requests that decode, embed or encode files at the same time, half of one caller; others wait, "
        "then get 503.",
    )
    search_requests: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Searches by words at the same time, half of one caller; others wait, then get 503. Long ones, of "
        "more than four steps and exclusions, have a quarter as many places beside these.",
    )
    export_encoders: int = Field(default=2, ge=1, le=64, description="Exports that are encoded at the same time.")
    export_max_s: float = Field(default=1800.0, gt=0, description="Longest mp4 or reel that is encoded, in seconds.")
    clip_cache_mb: int = Field(default=2000, ge=0, description="Space for clips that players have asked for, in MB.")

    @field_validator("trusted_proxies", "allowed_origins", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("root_path")
    @classmethod
    def _is_base_path(cls, path: str) -> str:
        base = path.rstrip("/")
        if not base:
            return ""
        if not _BASE_PATH.fullmatch(base):
            raise ValueError(f"{path!r} is no base path; allowed is one such as /moments or /tools/moments")
        if base.split("/")[1] in OWN_PATHS:
            raise ValueError(f"{path!r} begins like a path of Moments' own; allowed is any other, such as /moments")
        return base

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            try:
                ipaddress.ip_network(proxy)
            except ValueError as error:
                raise ValueError(f"{proxy!r} is no address or network; allowed are such as 10.0.0.0/8") from error
        return proxies

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"{origin!r} is no origin; allowed are such as https://app.example or http://localhost:3000, "
                    "in small letters, without a path"
                )
        return origins

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach ``host``."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
