"""The files of the browser extension: where they are, and packages of them for each browser."""

import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from server.errors import Invalid

Browser = Literal["chrome", "firefox"]

_LEFT_OUT = {"README.md", "pictures", "store"}  # for people who change or publish the extension
_OLD_ID = "papermargin@papermargin.example"  # Firefox's, in folders that were unpacked before
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time of a zip, for reproducible packages


def extension_folder() -> Path:
    """Return the folder of the extension: beside the packages in a clone, else inside `server`."""
    package = Path(__file__).parent
    in_clone = package.with_name("extension")
    return in_clone if in_clone.is_dir() else package / "extension"


def unpack_extension(folder: Path) -> None:
    """Copy the extension to a folder from which browsers can load it.

    Files of an earlier version are replaced. Raises `Invalid` if the folder has other contents or
    cannot be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()) and not _is_extension(folder):
            raise Invalid(f"{folder} is not empty, and is not Papermargin's extension")
        for name, content in _read_package().items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    except OSError as error:
        raise Invalid(f"cannot write to {folder}: {error.strerror or error}") from error


def zip_extension(folder: Path, browser: Browser) -> Path:
    """Write the package for a browser's store into a folder and return its path.

    The same version gives the same bytes. Raises `Invalid` if the folder cannot be written.
    """
    file = folder / f"papermargin-{version('papermargin')}-{browser}.zip"
    contents = _read_package(browser)
    try:
        with ZipFile(file, "w") as archive:
            for name, content in sorted(contents.items()):
                info = ZipInfo(name, _ZIP_EPOCH)
                info.compress_type, info.create_system = ZIP_DEFLATED, 3
                info.external_attr = 0o100644 << 16
                archive.writestr(info, content)
    except OSError as error:
        raise Invalid(f"cannot write {file}: {error.strerror or error}") from error
    return file


def read_manifest(browser: Browser | None = None) -> dict[str, Any]:
    """Return the manifest, without the keys that are for other browsers only.

    The extension has the server's version.
    """
    manifest: dict[str, Any] = json.loads((extension_folder() / "manifest.json").read_bytes())
    manifest["version"] = version("papermargin")
    if browser == "chrome":
        del manifest["browser_specific_settings"], manifest["background"]["scripts"]
    elif browser == "firefox":
        del manifest["minimum_chrome_version"], manifest["background"]["service_worker"]
    return manifest


def _read_package(browser: Browser | None = None) -> dict[str, bytes]:
    """Return the files of the extension as a browser gets them, by their names."""
    manifest = json.dumps(read_manifest(browser), indent=2, ensure_ascii=False) + "\n"
    return dict(_read_files()) | {"manifest.json": manifest.encode()}


def _read_files() -> Iterator[tuple[str, bytes]]:
    root = extension_folder()
    for file in sorted(root.rglob("*")):
        name = file.relative_to(root)
        hidden = any(part.startswith(".") for part in name.parts)
        if file.is_file() and not hidden and name.parts[0] not in _LEFT_OUT:
            yield name.as_posix(), file.read_bytes()


def _is_extension(folder: Path) -> bool:
    try:
        found = json.loads((folder / "manifest.json").read_bytes())
        own = read_manifest()["browser_specific_settings"]["gecko"]["id"]
        return found["browser_specific_settings"]["gecko"]["id"] in (own, _OLD_ID)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False
