"""The settings in force, and the only reader of the environment."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints
from urllib.parse import quote, urlsplit

import msgspec
import platformdirs
from msgspec import Meta, Struct, field

from nlp.version import ModelChoice, ModelName
from server.errors import Invalid

PREFIX = "PAPERMARGIN_"

HELP = {
    "db": "the SQLite file that holds everything",
    "database_url": "a PostgreSQL server instead: postgres://user:password@host:port/name",
    "host": "the address to listen on",
    "port": "the port to listen on",
    "hosts": "further names under which browsers reach the server, comma-separated (host or host:port)",
    "user": "whose list the command line shows and changes",
    "ingest": "fetch new Daily Papers in the background while serving",
    "ingest_hours": "hours between two fetches",
    "extract": "read methods, datasets, metrics and results out of abstracts while serving",
    "model": "which model reads them: fast, or accurate, which takes eight times as long",
    "huggingface_url": "where the Daily Papers API is",
    "arxiv_url": "where arXiv's API is",
    "digest_to": "e-mail addresses, comma-separated, that get the digest of the day while serving",
    "digest_at": "the hour of the digest, HH:MM in local time",
    "digest_from": "the address that digests come from",
    "smtp_url": "the mail server: smtp://user:password@host:port, or smtps://",
    "log": "how much to log: debug, info, warning or error",
}


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """All settings; each can be given as an option or as `PAPERMARGIN_<NAME>`."""

    db: Path = field(default_factory=lambda: Path(platformdirs.user_data_dir("papermargin")) / "papermargin.sqlite")
    database_url: str | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8620
    hosts: tuple[str, ...] = ()
    user: str = "me"
    ingest: bool = True
    ingest_hours: Annotated[float, Meta(gt=0)] = 4.0
    extract: bool = True
    model: ModelName = "fast"
    huggingface_url: str = "https://huggingface.co"
    arxiv_url: str = "https://export.arxiv.org"
    digest_to: tuple[str, ...] = ()
    digest_at: Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "08:00"
    digest_from: str | None = None
    smtp_url: str | None = None
    log: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def store_name(self) -> str:
        """Where the data is, as a person may read it: no password."""
        if not self.database_url:
            return str(self.db)
        address = urlsplit(self.database_url)
        return f"{address.scheme}://{address.hostname}:{address.port or 5432}{address.path}"

    @property
    def mail_name(self) -> str:
        """Where e-mail is handed in, as a person may read it: no password, and nothing of what has another form."""
        scheme, _, rest = (self.smtp_url or "").partition("://")
        shown = f"{scheme}://{rest.rpartition('@')[2]}"
        return shown if re.fullmatch(r"smtps?://(\[[0-9a-f:]+\]|[^:/]+)(:\d+)?", shown) else "..."

    @property
    def model_choice(self) -> ModelChoice:
        """The model that reads abstracts; one that `papermargin train` made lies beside the file, as `FILE.model`."""
        beside = self.db
        if self.database_url:
            beside = Path(platformdirs.user_data_dir("papermargin")) / quote(self.store_name.split("://")[1], safe="")
        return ModelChoice(self.model, beside.with_name(beside.name + ".model"))


class Setting(Struct, frozen=True):
    """One setting as it is in force, and where it came from."""

    name: str
    value: str
    origin: str


def read_config(environment: Mapping[str, str], options: Mapping[str, Any]) -> Config:
    """Give the settings: an option beats the environment, which beats the default.

    Options that are None were not given. Raises `Invalid` for a value or a variable that does not exist.
    """
    given: dict[str, Any] = {
        name[len(PREFIX) :].lower(): value for name, value in environment.items() if name.startswith(PREFIX)
    }
    if unknown := given.keys() - HELP.keys():
        names = ", ".join(sorted(PREFIX + name.upper() for name in unknown))
        raise Invalid(f"no such setting: {names} (papermargin config lists them all)")
    given |= {name: value for name, value in options.items() if value is not None}
    values = {name: _read_value(name, value) for name, value in given.items()}
    if "database_url" in values and options.get("db") is not None:
        del values["database_url"]  # --db on the command line means that file, whatever the environment says
    return Config(**values)


def explain_config(config: Config, environment: Mapping[str, str], options: Mapping[str, Any]) -> list[Setting]:
    """List every setting with its value and its origin: an option, a variable or the default."""

    def origin(name: str) -> str:
        if options.get(name) is not None:
            return f"--{name.replace('_', '-')}"
        variable = PREFIX + name.upper()
        return variable if variable in environment else "default"

    def shown(name: str) -> str:
        safe = {"database_url": config.store_name, "smtp_url": config.mail_name}
        value = safe[name] if name in safe and getattr(config, name) else getattr(config, name)
        return ",".join(value) if isinstance(value, tuple) else str(value)

    return [Setting(name, shown(name), origin(name)) for name in HELP]


_LISTS = ("hosts", "digest_to")
_TYPES = get_type_hints(Config, include_extras=True)


def _read_value(name: str, value: Any) -> Any:
    if name in _LISTS and isinstance(value, str):
        value = tuple(part.strip() for part in value.split(",") if part.strip())
    if name == "db":
        return Path(value).expanduser().absolute()
    try:
        return msgspec.convert(value, _TYPES[name], strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(f"{PREFIX}{name.upper()} or --{name.replace('_', '-')}: {error}") from None
