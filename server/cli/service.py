"""The commands `service install`, `service status` and `service remove`: serve from login on."""

import plistlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import platformdirs
from msgspec import Struct

from server.cli.options import load_config, setting_options
from server.config import HELP
from server.errors import Invalid

LABEL = "papermargin"

_UNIT = """\
[Unit]
Description=Papermargin
After=network.target

[Service]
ExecStart={command}
Restart=on-failure
UMask=0077

[Install]
WantedBy=default.target
"""


class Service(Struct, frozen=True, kw_only=True):
    """How a system starts a program at login: a file if it needs one, and commands."""

    install: list[list[str]]
    status: list[str]
    remove: list[list[str]]
    file: Path | None = None
    content: bytes = b""


def describe_service(platform: str, command: list[str]) -> Service:
    """Describe the service that runs a command: a systemd user unit, a launchd agent or a task.

    `platform` is that of `sys.platform`.
    """
    if platform == "darwin":
        return _launchd_agent(command)
    if platform == "win32":
        return _windows_task(command)
    return _systemd_unit(command)


@click.group("service")
def service_command() -> None:
    """Run the server as a service of the system that starts at login."""


@service_command.command("install")
@setting_options(*HELP)
def _install(**options: Any) -> None:
    """Start the server now and at each login, with the given settings."""
    load_config(**options)  # report a wrong setting now, and not in the service's log
    service = describe_service(sys.platform, _serve_command(options))
    if service.file:
        service.file.parent.mkdir(parents=True, exist_ok=True)
        service.file.touch(mode=0o600)  # options may hold passwords
        service.file.write_bytes(service.content)
    for command in service.install:
        _run(command)
    click.echo("papermargin runs now, and starts at login" + _where(service))


@service_command.command("status")
def _status() -> None:
    """Show whether the service is installed and running."""
    service = describe_service(sys.platform, _serve_command({}))
    if service.file and not service.file.exists():
        raise Invalid("the service is not installed: papermargin service install")
    raise click.exceptions.Exit(subprocess.run(service.status, check=False).returncode)


@service_command.command("remove")
def _remove() -> None:
    """Stop the server and no longer start it at login."""
    service = describe_service(sys.platform, _serve_command({}))
    if service.file and not service.file.exists():
        raise Invalid("the service is not installed")
    for command in service.remove:
        _run(command)
    if service.file:
        service.file.unlink()
    click.echo("papermargin is stopped, and does not start at login any more")


def _serve_command(options: dict[str, Any]) -> list[str]:
    command = [sys.executable, "-m", "server", "serve"]
    for name, value in options.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            command.append(f"--{flag}" if value else f"--no-{flag}")
        elif value is not None:
            command += [f"--{flag}", str(value.absolute() if name == "db" else value)]
    return command


def _systemd_unit(command: list[str]) -> Service:
    unit = f"{LABEL}.service"
    systemctl = ["systemctl", "--user"]
    return Service(
        file=Path(platformdirs.user_config_dir()) / "systemd" / "user" / unit,
        content=_UNIT.format(command=" ".join(map(_quote_for_systemd, command))).encode(),
        install=[
            [*systemctl, "daemon-reload"],
            [*systemctl, "enable", unit],
            [*systemctl, "restart", unit],
        ],
        status=[*systemctl, "status", "--no-pager", unit],
        remove=[[*systemctl, "disable", "--now", unit]],
    )


def _quote_for_systemd(word: str) -> str:
    # https://www.freedesktop.org/software/systemd/man/systemd.service.html#Command%20lines
    for special, escaped in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        word = word.replace(special, escaped)
    return f'"{word}"'


def _launchd_agent(command: list[str]) -> Service:
    file = Path.home() / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    log = Path.home() / "Library" / "Logs" / "papermargin.log"
    agent = {
        "Label": LABEL,
        "ProgramArguments": command,
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "StandardErrorPath": str(log),
    }
    return Service(
        file=file,
        content=plistlib.dumps(agent),
        install=[["launchctl", "load", "-w", str(file)]],
        status=["launchctl", "list", LABEL],
        remove=[["launchctl", "unload", "-w", str(file)]],
    )


def _windows_task(command: list[str]) -> Service:
    python = Path(command[0])
    windowless = str(python.with_name("pythonw.exe"))  # a console would stay open
    line = subprocess.list2cmdline([windowless, *command[1:]])
    task = ["/TN", LABEL]
    return Service(
        install=[
            ["schtasks", "/Create", *task, "/SC", "ONLOGON", "/TR", line, "/F"],
            ["schtasks", "/Run", *task],
        ],
        status=["schtasks", "/Query", *task],
        remove=[["schtasks", "/End", *task], ["schtasks", "/Delete", *task, "/F"]],
    )


def _where(service: Service) -> str:
    return f": {service.file}" if service.file else ""


def _run(command: list[str]) -> None:
    """Run a command of the system. Raises `Invalid` if it fails or does not exist."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Invalid(f"cannot run {command[0]}: {error.strerror}") from error
    if done.returncode:
        reason = " ".join((done.stderr or done.stdout).split())
        raise Invalid(f"{' '.join(command)} failed: {reason}")
