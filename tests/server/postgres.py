"""PostgreSQL servers for the tests, which can be killed and started again."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

SECONDS = 60.0  # that a server has to start, or to end


class PostgresServer(Struct):
    """A private server: its programs, its folder, and the system user that it runs as, if not ours.

    The process is a child of this one: where a container has no init process, nobody else would
    collect it once it is killed, and PostgreSQL would take the dead process for a running server.
    """

    binaries: Path
    folder: Path
    user: str | None
    port: int
    durable: bool
    settings: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """The address, without a database."""
        return f"postgres://postgres@127.0.0.1:{self.port}"

    def initialize(self) -> None:
        """Create the empty cluster."""
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
        command = [str(self.binaries / "initdb"), "-D", "data", *options]
        subprocess.run(command, user=self.user, cwd=self.folder, check=True, capture_output=True)

    def copy(self, primary: "PostgresServer") -> None:
        """Create a copy of a running server's cluster, which streams its log as a standby."""
        options = ["-R", "-c", "fast", "-X", "stream", "--no-sync", "-d", primary.address]
        command = [str(self.binaries / "pg_basebackup"), "-D", "data", *options]
        subprocess.run(command, user=self.user, cwd=self.folder, check=True, capture_output=True)

    def start(self) -> None:
        """Start the server, and wait until it accepts connections."""
        settings = (
            *("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200"),
            *(f"port={self.port}", f"fsync={'on' if self.durable else 'off'}", *self.settings),
        )
        command = [str(self.binaries / "postgres"), "-D", "data", *(f"-c{one}" for one in settings)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, user=self.user, cwd=self.folder, stdout=log, stderr=log
            )
        probe = [str(self.binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        end = time.monotonic() + SECONDS
        while subprocess.run(probe, check=False).returncode:
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server without a checkpoint: its data is thrown away."""
        assert self.process
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(SECONDS)

    def kill(self) -> None:
        """Kill all processes of the server at once, and wait until they are gone."""
        assert self.process
        backends = self.backends()
        self.process.kill()
        for backend in backends:
            with suppress(ProcessLookupError):
                os.kill(backend, signal.SIGKILL)
        self.process.wait(SECONDS)
        end = time.monotonic() + SECONDS
        while any(_runs(backend) for backend in backends):
            assert time.monotonic() < end, "PostgreSQL does not end"
            time.sleep(0.005)

    def backends(self) -> list[int]:
        """Return the ids of the processes that the server started: one for each connection, too."""
        assert self.process
        parent = self.process.pid
        return [*map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split())]


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"  # in a container without an init process, nobody collects the dead


@contextmanager
def postgres_server(binaries: Path, *, durable: bool = False) -> Iterator[PostgresServer]:
    """Run a server on a free port. Unless it is `durable`, it does not wait for the disk."""
    with _private(binaries, durable=durable) as server:
        server.initialize()
        server.start()
        yield server


@contextmanager
def standby_server(primary: PostgresServer, *settings: str) -> Iterator[PostgresServer]:
    """Run a streaming standby of a server on a free port, which answers reads."""
    with _private(primary.binaries, durable=primary.durable) as server:
        server.settings = settings
        server.copy(primary)
        server.start()
        yield server


@contextmanager
def _private(binaries: Path, *, durable: bool) -> Iterator[PostgresServer]:
    """Yield a server with an empty folder, and stop it in the end if it was started."""
    # PostgreSQL refuses to run as root, which may be a container's only user; another user cannot
    # read pytest's folders, hence a temporary folder
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="papermargin-") as folder:
        if user:
            shutil.chown(folder, user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = PostgresServer(binaries, Path(folder), user, port, durable)
        try:
            yield server
        finally:
            if server.process:
                server.stop()


def postgres_binaries() -> Path | None:
    """Return the folder of PostgreSQL's programs, or None if it is not installed."""
    found = [
        *Path("/usr/lib/postgresql").glob("*/bin"),
        *(Path(p) for p in os.environ.get("PATH", "").split(":")),
    ]
    return next(
        (
            folder
            for folder in found
            if (folder / "initdb").exists() and (folder / "pg_ctl").exists()
        ),
        None,
    )
