"""A real pgbouncer, which lends few connections to many clients, each for a transaction."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.server.process import free_port

SECONDS = 30.0  # that it has to start
# a pooler may lend each transaction of a client another connection, where nothing is prepared
OPTIONS = "?statement_cache_size=0"

_SETTINGS = """
[databases]
* = host={host} port={port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
auth_type = any
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 1000
unix_socket_dir =
ignore_startup_parameters = extra_float_digits
"""


@contextmanager
def pooler(address: str, connections: int) -> Iterator[str]:
    """Run a pooler of a PostgreSQL server; yield the address to use in place of the server's."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if not program:
        why = "pgbouncer is missing: apt-get install pgbouncer"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
    server, listen = urlsplit(address), free_port()
    with tempfile.TemporaryDirectory(prefix="papermargin-") as folder:
        file = Path(folder) / "pgbouncer.ini"
        file.write_text(
            _SETTINGS.format(
                host=server.hostname, port=server.port, listen=listen, connections=connections
            )
        )
        # it refuses to run as root, which may be a container's only user
        user = "postgres" if os.geteuid() == 0 else None
        if user:
            shutil.chown(folder, user)
        with (
            (Path(folder) / "log").open("wb") as log,
            subprocess.Popen([program, str(file)], user=user, stdout=log, stderr=log) as process,
        ):
            try:
                _await_port(listen, Path(folder) / "log")
                yield f"postgres://postgres@127.0.0.1:{listen}"
            finally:
                process.kill()


def _await_port(port: int, log: Path) -> None:
    end = time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.02)
