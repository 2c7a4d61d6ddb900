"""The commands that unpack the extension, install the service and complete in a shell."""

import json
import os
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner, Result

from server.__main__ import main
from server.browser_extension import extension_folder, read_manifest
from server.cli.service import describe_service


def papermargin(*arguments: str, code: int = 0, **environment: str) -> Result:
    result = CliRunner().invoke(main, arguments, env=environment)
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


def test_the_extension_is_unpacked_with_instructions(tmp_path: Path) -> None:
    folder = tmp_path / "extension"
    said = papermargin("extension", str(folder)).stdout
    assert "chrome://extensions" in said and "about:debugging" in said and str(folder) in said
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (folder / manifest["background"]["service_worker"]).is_file()
    assert not [name for name in ("pictures", "README.md", "store") if (folder / name).exists()]


def test_unpacking_again_replaces_an_earlier_version(tmp_path: Path) -> None:
    papermargin("extension", str(tmp_path / "extension"))
    script = tmp_path / "extension" / "page" / "content.js"
    script.write_text("// an earlier version")
    manifest = tmp_path / "extension" / "manifest.json"
    told = json.loads(manifest.read_text())
    told["browser_specific_settings"]["gecko"] = {"id": "papermargin@papermargin.example"}
    manifest.write_text(json.dumps(told | {"version": "0.0.1"}))
    papermargin("extension", str(tmp_path / "extension"))
    assert script.read_bytes() == (extension_folder() / "page" / "content.js").read_bytes()
    assert json.loads(manifest.read_text()) == read_manifest()


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    assert "is not empty" in papermargin("extension", str(tmp_path), code=1).stderr
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("browser", ["chrome", "firefox"])
def test_a_package_is_the_same_each_time(tmp_path: Path, browser: str) -> None:
    packages = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        line = papermargin("extension", "--zip", browser, str(tmp_path / name)).stdout
        packages.append(Path(line.strip()))
    assert packages[0].name == f"papermargin-{read_manifest()['version']}-{browser}.zip"
    assert packages[0].read_bytes() == packages[1].read_bytes()


def test_a_package_has_what_the_browser_runs_and_the_version_of_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.browser_extension.version", lambda _: "7.8.9")
    package = papermargin("extension", "--zip", "firefox", str(tmp_path)).stdout.strip()
    assert Path(package).name == "papermargin-7.8.9-firefox.zip"
    with ZipFile(package) as archive:
        names = archive.namelist()
        assert json.loads(archive.read("manifest.json"))["version"] == "7.8.9"
    folders = {name.partition("/")[0] for name in names}
    assert folders == {
        *("_locales", "background", "icons", "manifest.json", "options", "page", "popup"),
        *("shared", "sites", "styles", "ui"),
    }
    assert not [name for name in names if name.endswith((".md", ".py", ".test.js"))]


def test_each_browser_gets_its_own_manifest(tmp_path: Path) -> None:
    manifests = {}
    for browser in ("chrome", "firefox"):
        package = papermargin("extension", "--zip", browser, str(tmp_path)).stdout.strip()
        with ZipFile(package) as archive:
            manifests[browser] = json.loads(archive.read("manifest.json"))
    assert manifests["chrome"]["background"].keys() == {"service_worker", "type"}
    assert "browser_specific_settings" not in manifests["chrome"]
    assert manifests["firefox"]["background"].keys() == {"scripts", "type"}
    assert manifests["firefox"]["browser_specific_settings"]["gecko"]["id"]


COMMAND = ["/opt/my py/python", "-m", "server", "serve", "--db", "/data/100% $mine.sqlite"]


def test_a_systemd_unit_keeps_every_character_of_the_command() -> None:
    service = describe_service("linux", COMMAND)
    unit = service.content.decode()
    assert '"/opt/my py/python" "-m" "server" "serve"' in unit
    assert '"/data/100%% $$mine.sqlite"' in unit and "WantedBy=default.target" in unit


def test_a_systemd_unit_passes_systemd_s_own_check(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is missing")
    unit = tmp_path / "papermargin.service"
    unit.write_bytes(describe_service("linux", [sys.executable, *COMMAND[1:]]).content)
    done = subprocess.run(
        ["systemd-analyze", "--user", "verify", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert str(unit) not in done.stderr


def test_a_launchd_agent_starts_at_login() -> None:
    agent = plistlib.loads(describe_service("darwin", COMMAND).content)
    assert (agent["ProgramArguments"], agent["RunAtLoad"]) == (COMMAND, True)


def test_a_windows_task_starts_at_login_without_a_console() -> None:
    service = describe_service("win32", ["C:/py/python.exe", "-m", "server", "serve"])
    create = service.install[0]
    assert create[create.index("/SC") + 1] == "ONLOGON"
    assert "pythonw.exe" in create[create.index("/TR") + 1]
    assert service.file is None


@pytest.mark.skipif(sys.platform != "linux", reason="uses a stand-in for systemctl")
def test_a_service_is_installed_shown_and_removed(tmp_path: Path) -> None:
    calls, systemctl = tmp_path / "calls", tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n')
    systemctl.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }

    def service(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "server", "service", *arguments],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert "not installed" in service("status").stderr
    installed = service("install", "--port", "9000", "--no-ingest")
    assert installed.returncode == 0, installed.stderr
    unit = tmp_path / "config" / "systemd" / "user" / "papermargin.service"
    assert '"serve" "--port" "9000" "--no-ingest"' in unit.read_text()
    assert unit.stat().st_mode & 0o077 == 0
    assert service("status").returncode == 0
    assert service("remove").returncode == 0 and not unit.exists()
    asked = calls.read_text()
    assert "--user enable papermargin.service" in asked and "disable --now" in asked


def test_a_wrong_setting_is_reported_before_a_service_is_installed() -> None:
    said = papermargin("service", "install", "--digest-at", "noon", code=1).stderr
    assert said.startswith("Error: ") and "DIGEST_AT" in said


def test_a_shell_completes_commands() -> None:
    script = papermargin("completion", "bash").stdout
    assert "_PAPERMARGIN_COMPLETE=bash_complete" in script
    asked = {
        "_PAPERMARGIN_COMPLETE": "bash_complete",
        "COMP_WORDS": "papermargin ver",
        "COMP_CWORD": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", "from server.__main__ import main; main(prog_name='papermargin')"],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "plain,verify-export\n"
