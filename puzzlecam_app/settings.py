"""The settings of the studio, from flags and environment variables, and the folders of a workspace."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from db.role_names import Role
from puzzlecam_app.errors import UsageError, UserError
from puzzlecam_app.storage.urls import split_urls, writable_url
from puzzlecam_app.user_paths import user_path
from puzzlecam_app.workspace import Workspace
from trainer.contract import MAX_PICTURE_PIXELS

ENVIRONMENT_PREFIX = "PUZZLECAM_"
RESERVED_SUB_PATHS: Final = frozenset(
    (
        *("api", "datasets", "export", "lab", "login", "logout", "metrics", "openapi.json", "runs", "ui"),
        *("account", "gallery", "join", "people"),
        *("assets", "config", "favicon.ico", "gradio_api", "manifest.json", "monitoring", "pwa_icon"),
        *("robots.txt", "static", "svelte", "theme.css"),
    )
)
"""First parts of the studio's own addresses, Gradio's among them.

As a sub-path they would be ambiguous: `/lab/` could be the Lab, or the first page below a sub-path `/lab`.
"""
_SECRETS: Final = ("access_key", "import_urls", "masks_url", "runs_url")
"""Fields whose wrong values are not repeated, because they may contain a password."""
_SUB_PATH: Final = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+")


def _split_paths(value: object) -> object:
    """Split one string the way PATH is split; leave every other value to pydantic."""
    if isinstance(value, str):
        return tuple(part for part in value.split(os.pathsep) if part)
    return value


def _absolute(value: object) -> object:
    if isinstance(value, str | Path) and str(value):
        try:
            return user_path(value)
        except UserError as error:
            raise ValueError(str(error)) from error
    return value


def _split_names(value: object) -> object:
    """Split one string at its commas, in small letters; leave every other value to pydantic."""
    if isinstance(value, str):
        return tuple(name.strip().lower() for name in value.split(",") if name.strip())
    return value


def _sub_path(value: object) -> object:
    """Remove slashes at the end of a sub-path and check it; leave what is no string to pydantic."""
    if not isinstance(value, str):
        return value
    path = value.rstrip("/")
    if path and not _SUB_PATH.fullmatch(path):
        raise ValueError("a sub-path looks like /studio: a slash, then letters, digits, '.', '_', '-' or '~'")
    if path and path.split("/")[1] in RESERVED_SUB_PATHS:
        raise ValueError("addresses of the studio itself begin with this path")
    return path


def _issuer(value: str | None) -> str | None:
    """Refuse an address at which others could pretend to be the provider."""
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme == "https" and parts.hostname:
        return value
    if parts.scheme == "http" and is_loopback(parts.hostname or ""):
        return value
    raise ValueError("an issuer looks like https://login.example.org")


def _split_roles(value: object) -> object:
    """Split one string such as `staff=lead,annotators=labeler`; leave every other value to pydantic."""
    if not isinstance(value, str):
        return value
    pairs = [part.rpartition("=") for part in value.split(",") if part.strip()]
    return tuple((name.strip(), role.strip().lower()) for name, _, role in pairs)


AbsolutePath = Annotated[Path, BeforeValidator(_absolute)]


class Settings(BaseModel):
    """Settings of one start of the studio; a flag wins over the environment, which wins over the default.

    The environment variable of a field is `PUZZLECAM_` followed by its name in capitals.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    workspace: AbsolutePath = Field(
        default=Path("~/puzzlecam"),
        description="Folder that holds the database, the masks, copied pictures and caches.",
    )
    database_url: str | None = Field(
        default=None,
        min_length=1,
        description="SQLAlchemy URL of the database; if none is given, an SQLite file in the workspace.",
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on; 0.0.0.0 lets other machines in.",
    )
    port: int = Field(
        default=7860,
        ge=0,
        le=65535,
        description="Port to listen on; if it is in use, the next free one. 0 stands for any free port.",
    )
    root_path: Annotated[str, BeforeValidator(_sub_path)] = Field(
        default="",
        description="Sub-path under which a proxy offers the studio, such as /studio, whether or not the "
        "proxy removes it from requests.",
    )
    open_browser: bool = Field(
        default=True,
        description="Whether to open the studio in a browser when it has started.",
    )
    import_roots: Annotated[tuple[AbsolutePath, ...], BeforeValidator(_split_paths)] = Field(
        default=(),
        description=(
            "Folders that the pages may import from, separated as in PATH. If there are none, the pages may "
            "read whatever you may read, unless other machines can reach the studio."
        ),
    )
    import_urls: Annotated[tuple[str, ...], BeforeValidator(split_urls)] = Field(
        default=(),
        description=(
            "URLs, separated by commas, below which the pages may import pictures, such as s3://photos. "
            "Without any, the pages import from no URL. Needs the extra 'remote'."
        ),
    )
    picture_cache_gb: int = Field(
        default=20,
        ge=0,
        le=1_000_000,
        description="Gigabytes that copies of pictures from URLs may take in the workspace; those that were "
        "not used for long go first.",
    )
    masks_url: Annotated[str | None, AfterValidator(writable_url)] = Field(
        default=None,
        description=(
            "URL of a folder that keeps every mask beside the workspace, such as s3://masks/studio; a save "
            "is acknowledged when both have it. Needs the extra 'remote'."
        ),
    )
    runs_url: Annotated[str | None, AfterValidator(writable_url)] = Field(
        default=None,
        description=(
            "URL of a folder that finished runs are copied to, such as s3://masks/runs, and from which other "
            "machines take them. Needs the extra 'remote'."
        ),
    )
    upload_quota_gb: int = Field(
        default=100,
        ge=0,
        le=1_000_000,
        description="Gigabytes that uploads and copied pictures may take in the workspace; 0 allows no "
        "uploads.",
    )
    public_names: Annotated[tuple[str, ...], BeforeValidator(_split_names)] = Field(
        default=(),
        description=(
            "Host names, separated by commas, under which a proxy on this machine forwards requests of "
            "other machines to a studio that listens on 127.0.0.1."
        ),
    )
    trusted_proxies: Annotated[tuple[str, ...], BeforeValidator(_split_names)] = Field(
        default=(),
        description=(
            "Addresses or networks of proxies, separated by commas, whose X-Forwarded-For and "
            "X-Forwarded-Proto are used; without any, those of this machine."
        ),
    )
    model: AbsolutePath | None = Field(
        default=None,
        description=(
            "Run directory whose model makes heatmaps and proposals; it takes precedence over published "
            "runs. Without it, the run that was published last is used, else the zero-shot model."
        ),
    )
    aliases: AbsolutePath | None = Field(
        default=None,
        description="File that says what tags mean to the zero-shot model; by default aliases.toml in the "
        "workspace.",
    )
    source: Literal["imagenet", "clip", "clip-es"] = Field(
        default="imagenet",
        description=(
            "Zero-shot model: imagenet knows the tags that ImageNet has classes for, clip takes any tag, "
            "clip-es any tag where the tags of every picture are complete. CLIP needs the extra 'words'."
        ),
    )
    clip_weights: AbsolutePath | None = Field(
        default=None,
        description=(
            "File with the weights of CLIP (.safetensors, or a PyTorch state dict); by default the published "
            "ones, from the Hugging Face hub."
        ),
    )
    clip_sha256: str | None = Field(
        default=None,
        pattern=r"^[0-9a-fA-F]{64}$",
        description="SHA-256 that the weights of CLIP must have.",
    )
    clip_network: str = Field(
        default="ViT-B-16-quickgelu",
        min_length=1,
        description=(
            "Network of the weights of CLIP, as open_clip names it: ViT-B-16-quickgelu for OpenAI's, "
            "ViT-B-16 for LAION's."
        ),
    )
    min_piece_share: float | None = Field(
        default=None,
        ge=0,
        le=0.1,
        allow_inf_nan=False,
        description=(
            "Connected pieces of a proposal below this share of the picture's area go to what surrounds "
            "them; 0 keeps specks and holes. By default as the run's recipe says, else 0.001."
        ),
    )
    max_image_pixels: int = Field(
        default=MAX_PICTURE_PIXELS,
        ge=1,
        description="Pictures with more pixels than this are refused as decompression bombs.",
    )
    access_key: SecretStr | None = Field(
        default=None,
        min_length=8,
        description=(
            "Secret of at least eight characters that all people enter before they can work; the names they "
            "work under are then only claims. If the access is by key and no key is set, each start makes a "
            "new one."
        ),
    )
    access: Literal["accounts", "key"] | None = Field(
        default=None,
        description=(
            "How people get in: accounts with names and passwords, or one shared access key. By default "
            "accounts if other machines can reach the studio and no key is set, else neither."
        ),
    )
    oidc_issuer: Annotated[str | None, AfterValidator(_issuer)] = Field(
        default=None,
        max_length=512,
        description=(
            "Address of a provider of OpenID Connect, at which people can sign in; what is below "
            "/.well-known/openid-configuration says the rest. Needs the extra 'oidc'."
        ),
    )
    oidc_client_id: str | None = Field(
        default=None, min_length=1, description="Id under which the provider knows the studio."
    )
    oidc_client_secret: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Secret of the studio at the provider; public clients have none.",
    )
    oidc_name: str = Field(
        default="your organisation",
        min_length=1,
        max_length=64,
        description="Name of the provider on the sign-in page.",
    )
    oidc_role: Literal["labeler", "reviewer", "lead", "none"] = Field(
        default="labeler",
        description="Role of people who sign in at the provider for the first time.",
    )
    oidc_datasets: Annotated[tuple[str, ...], BeforeValidator(_split_names)] = Field(
        default=(),
        description="Names of the datasets on which they get it, separated by commas; by default all.",
    )
    oidc_claim: str = Field(
        default="groups",
        min_length=1,
        description="Claim of an identity whose values stand for roles.",
    )
    oidc_roles: Annotated[tuple[tuple[str, Role], ...], BeforeValidator(_split_roles)] = Field(
        default=(),
        description=(
            "Roles by values of that claim, as in annotators=labeler,staff=lead; roles are labeler, "
            "reviewer, lead and admin. They are given at each sign-in and never lower what somebody has."
        ),
    )
    worker: bool = Field(
        default=True,
        description="Whether the studio starts a worker of its own for queued training runs.",
    )
    worker_device: str | None = Field(
        default=None,
        pattern=r"^(cpu|cuda(:\d+)?)$",
        description="Device that a worker trains on: cpu, cuda or cuda:N; by default the best one available.",
    )
    cluster: str | None = Field(
        default=None,
        pattern=r"^(auto|(https?|ray)://[^\s]+)$",
        description=(
            "Ray cluster that trains runs: http://HOST:8265, ray://HOST:10001, or auto for the one of this "
            "machine; by default runs are trained on this machine. Needs the extra 'cluster'."
        ),
    )
    cluster_processes: int = Field(
        default=1,
        ge=1,
        le=1024,
        description=(
            "Number of processes of the cluster that share each run, each with a GPU or a processor core."
        ),
    )
    run_attempts: int = Field(
        default=3,
        ge=1,
        le=100,
        description="How many times a run that ends unexpectedly is started without getting further "
        "before it fails.",
    )
    offer_run_after: int = Field(
        default=50,
        ge=0,
        description=(
            "Number of masks accepted or corrected since the last run after which the Runs page suggests "
            "another; 0 means never."
        ),
    )
    log_format: Literal["text", "json"] = Field(
        default="text",
        description=(
            "How the studio logs: text has warnings and errors, json has a JSON object a line, also one for "
            "each request."
        ),
    )
    run_stop_seconds: float = Field(
        default=60,
        ge=0,
        description="Seconds that a stopped run has to store its state; after that it is ended at once.",
    )

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **flags: Any) -> Self:
        """Build settings from flags and the environment. `None` means that a flag was not given.

        Args:
            environ: Environment variables; `os.environ` when omitted. An empty variable counts as unset.
            flags: Values by field name.

        Raises:
            UsageError: A value cannot be used; names the flag or the variable.
        """
        environ = os.environ if environ is None else environ
        from_environment = {
            field: environ[environment_variable(field)]
            for field in cls.model_fields
            if environ.get(environment_variable(field))
        }
        given = {field: value for field, value in flags.items() if value is not None}
        try:
            return cls.model_validate(from_environment | given)
        except ValidationError as error:
            raise _usage_error(error, given) from error

    @property
    def has_accounts(self) -> bool:
        """Whether people sign in. Otherwise there is one implied person with all rights."""
        if self.access is not None:
            return self.access == "accounts"
        return self.is_reachable_from_outside and self.access_key is None

    @property
    def is_shared(self) -> bool:
        """Whether several people may work here, so that the page Team is offered."""
        return self.has_accounts or self.is_reachable_from_outside

    @property
    def is_reachable_from_outside(self) -> bool:
        """Whether other machines can reach the studio, itself or through a proxy."""
        return bool(self.public_names) or not is_loopback(self.host)

    @property
    def paths(self) -> Workspace:
        """The places inside the workspace folder."""
        return Workspace(self.workspace)

    def resolve_aliases(self) -> Path:
        """Return the file of aliases, which may be missing."""
        return self.aliases or self.paths.aliases_path

    def resolve_database_url(self) -> str:
        """Return the URL to open: the one that was set, else SQLite in the workspace."""
        from db.engine import sqlite_url

        return self.database_url or sqlite_url(self.paths.database_path)


def is_loopback(host: str) -> bool:
    """Return whether `host` (a name or an address, without port) can only mean this machine."""
    host = host.strip("[]").lower()
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def environment_variable(field: str) -> str:
    """Return the environment variable of a settings field.

    >>> environment_variable("database_url")
    'PUZZLECAM_DATABASE_URL'
    """
    return ENVIRONMENT_PREFIX + field.upper()


def _usage_error(error: ValidationError, flags: Mapping[str, Any]) -> UsageError:
    first = error.errors(include_url=False, include_context=False)[0]
    field = str(first["loc"][0])
    where = f"--{field.replace('_', '-')}" if field in flags else environment_variable(field)
    shown = "" if field in _SECRETS else f" (it is {first['input']!r})"
    return UsageError(
        f"{first['msg'].removeprefix('Value error, ')}{shown}",
        where=where,
        remedy=f"Change or unset {where} and start again",
    )
