"""Settings: their names, types and defaults, read from options and environment variables."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints
from urllib.parse import quote, urlsplit

import msgspec
import platformdirs
from msgspec import Meta, Struct, field

from nlp.version import DEFAULT_MODEL, ModelChoice, ModelName
from server.errors import Invalid

LogLevel = Literal["auto", "debug", "info", "warning", "error"]

PREFIX = "PAPERMARGIN_"  # of every environment variable that is a setting

HELP = {
    "db": "the SQLite file with all data",
    "database_url": "use PostgreSQL instead: postgres://user:password@host:port/name",
    "replica_url": "read also from a streaming replica of the PostgreSQL database, at this address",
    "host": "the address to listen on",
    "port": "the port to listen on",
    "hosts": "other host names that the server answers to, comma-separated (host or host:port)",
    "user": "the user whose reading list the command line works on",
    "ingest": "fetch new Daily Papers in the background while serving",
    "ingest_hours": "hours between two fetches of Daily Papers",
    "extract": "extract methods, datasets, metrics and results from abstracts while serving",
    "model": "the extraction model: accurate, or fast, which misses more and takes an eighth of "
    "the time; servers of one PostgreSQL database share the last that any was started with",
    "huggingface_url": "base URL of the Daily Papers API",
    "arxiv_url": "base URL of the arXiv API",
    "crossref_url": "base URL of the Crossref API",
    "thumbnails": "show pictures of papers, which the server fetches from Hugging Face",
    "thumbnails_url": "base URL of these pictures",
    "zotero_url": "where the Zotero of this computer answers",
    "zotero_minutes": "minutes between two syncs with Zotero while serving; 0: none",
    "zotero_collections": "sync Zotero's collections with the tags of their names",
    "digest_to": "e-mail addresses, comma-separated, that receive the daily digest while serving",
    "digest_at": "when the digest is sent, HH:MM in local time",
    "digest_from": "the sender's address of digests",
    "smtp_url": "the mail server: smtp://user:password@host:port, or smtps://",
    "keep_backups": "how many daily, weekly and monthly backups to keep; 0,0,0 makes none",
    "log": "how much to log; auto: warning on a terminal, else info",
}


_Count = Annotated[int, Meta(ge=0, le=1000)]


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """All settings, each of which can be given as an option or as `PAPERMARGIN_<NAME>`."""

    db: Path = field(
        default_factory=lambda: (
            Path(platformdirs.user_data_dir("papermargin")) / "papermargin.sqlite"
        )
    )
    database_url: str | None = None
    replica_url: str | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8620
    hosts: tuple[str, ...] = ()
    user: str = "me"
    ingest: bool = True
    ingest_hours: Annotated[float, Meta(gt=0)] = 4.0
    extract: bool = True
    model: ModelName | None = None
    huggingface_url: str = "https://huggingface.co"
    arxiv_url: str = "https://export.arxiv.org"
    crossref_url: str = "https://api.crossref.org"
    thumbnails: bool = True
    thumbnails_url: str = "https://cdn-thumbnails.huggingface.co"
    zotero_url: str = "http://127.0.0.1:23119"
    zotero_minutes: Annotated[float, Meta(ge=0)] = 0
    zotero_collections: bool = False
    digest_to: tuple[str, ...] = ()
    digest_at: Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "08:00"
    digest_from: str | None = None
    smtp_url: str | None = None
    keep_backups: tuple[_Count, _Count, _Count] = (7, 4, 12)
    log: LogLevel = "auto"

    @property
    def store_name(self) -> str:
        """The file or the address of the database, without a password, for messages and logs."""
        return _without_password(self.database_url) if self.database_url else str(self.db)

    @property
    def mail_name(self) -> str:
        """The address of the mail server without the password, or `...` if it is malformed."""
        scheme, _, rest = (self.smtp_url or "").partition("://")
        shown = f"{scheme}://{rest.rpartition('@')[2]}"
        return shown if re.fullmatch(r"smtps?://(\[[0-9a-f:]+\]|[^:/]+)(:\d+)?", shown) else "..."

    @property
    def model_choice(self) -> ModelChoice:
        """The packaged model, and where the personal model of this store is kept.

        It is the file `<db>.model` beside a SQLite database, and for PostgreSQL, which has it
        itself, a copy in the user data folder.
        """
        return ModelChoice(self.model or DEFAULT_MODEL, self._beside(".model"))

    @property
    def backup_folder(self) -> Path:
        """Where the server keeps its backups: beside the SQLite file, as `FILE.backups`."""
        return self._beside(".backups")

    @property
    def zotero_keys(self) -> Path:
        """The file that keeps the keys that Zotero gave: `FILE.zotero-keys` beside the store."""
        return self._beside(".zotero-keys")

    @property
    def thumbnails_folder(self) -> Path:
        """Where pictures of papers are kept: beside the SQLite file, as `FILE.thumbnails`."""
        return self._beside(".thumbnails")

    def _beside(self, suffix: str) -> Path:
        """Return a path beside the SQLite file, or for PostgreSQL in the user's data folder."""
        file = self.db
        if self.database_url:
            name = quote(self.store_name.split("://")[1], safe="")
            file = Path(platformdirs.user_data_dir("papermargin")) / name
        return file.with_name(file.name + suffix)


class Setting(Struct, frozen=True):
    """The value of a setting, as text, and where it came from."""

    name: str
    value: str
    origin: str


def read_config(environment: Mapping[str, str], options: Mapping[str, Any]) -> Config:
    """Combine options, environment variables and defaults, in this order of precedence.

    Options that are None count as not given. Raises `Invalid` for a value that does not fit, or for
    a `PAPERMARGIN_` variable that is no setting.
    """
    given: dict[str, Any] = {
        name[len(PREFIX) :].lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX)
    }
    if unknown := given.keys() - HELP.keys():
        names = ", ".join(sorted(PREFIX + name.upper() for name in unknown))
        raise Invalid(f"no such setting: {names} (papermargin config lists them all)")
    given |= {name: value for name, value in options.items() if value is not None}
    values = {name: _read_value(name, value) for name, value in given.items()}
    if "database_url" in values and options.get("db") is not None:
        # --db on the command line wins over a PostgreSQL server that the environment names
        del values["database_url"]
        values.pop("replica_url", None)
    config = Config(**values)
    if config.replica_url:
        _check_replica(config.replica_url, has_primary=bool(config.database_url))
    return config


def _check_replica(address: str, *, has_primary: bool) -> None:
    name = f"{PREFIX}REPLICA_URL or --replica-url"
    if not has_primary:
        raise Invalid(f"{name}: only PostgreSQL has replicas, so give --database-url as well")
    try:
        url = urlsplit(address)
        has_name = bool(url.hostname and url.path.strip("/") and url.port != 0)
        is_sound = has_name and url.scheme in ("postgres", "postgresql")
    except ValueError:  # of the port, or of an IPv6 address
        is_sound = False
    if not is_sound:
        raise Invalid(f"{name}: an address is like postgres://user:password@host:port/name")


def _without_password(url: str) -> str:
    address = urlsplit(url)
    return f"{address.scheme}://{address.hostname}:{address.port or 5432}{address.path}"


def explain_config(
    config: Config, environment: Mapping[str, str], options: Mapping[str, Any]
) -> list[Setting]:
    """List every setting with its value and its origin: an option, a variable or the default.

    Passwords are left out.
    """

    def origin(name: str) -> str:
        if options.get(name) is not None:
            return f"--{name.replace('_', '-')}"
        variable = PREFIX + name.upper()
        return variable if variable in environment else "default"

    def shown(name: str) -> str:
        safe = {"database_url": config.store_name, "smtp_url": config.mail_name}
        if config.replica_url:
            safe["replica_url"] = _without_password(config.replica_url)
        value = safe[name] if name in safe and getattr(config, name) else getattr(config, name)
        if name == "model":
            value = config.model_choice.model
        return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)

    return [Setting(name, shown(name), origin(name)) for name in HELP]


_LISTS = ("hosts", "digest_to", "keep_backups")
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
