"""A Firefox, with the extension or without, driven over WebDriver BiDi by `firefox.mjs`, its own
windows included.
"""

import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from tests.extension.browser import Server, free_port, until

HERE = Path(__file__).parent
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox") or ""
ID = "{8f0365eb-53e9-4233-a605-2640152177cc}"
UUID = "5e1f2d3c-0000-4000-8000-6d617267696e"

# the button by which a person allows what an extension asks for
ALLOW = """(async () => {
    for (let tries = 0; tries < 100; tries += 1) {
        const prompt = document.querySelector('#notification-popup popupnotification');
        if (prompt?.id.startsWith('addon-webext-permissions') && !prompt.hidden) {
            prompt.button.click();
            return true;
        }
        await new Promise(done => setTimeout(done, 100));
    }
    return false;
})()"""

# installing opens the options, which would come before whatever page was opened at that moment
SETTLE = """(async () => {
    const isOptions = tab => tab.linkedBrowser.currentURI.spec.endsWith('/options.html');
    for (let tries = 0; tries < 100 && !gBrowser.tabs.some(isOptions); tries += 1)
        await new Promise(done => setTimeout(done, 100));
})()"""


@dataclass
class Tab:
    """One page of the browser."""

    firefox: "Firefox"
    name: str

    def evaluate(self, script: str) -> Any:
        return self.firefox.do("evaluate", page=self.name, script=script)

    def until(self, script: str, *, seconds: float = 20) -> Any:
        """Wait until an expression holds in the page, and give its value, True for an element."""
        found = f"(() => {{ const found = {script}; return found instanceof Node || found; }})()"
        return until(
            lambda: self.firefox.do("holds", page=self.name, script=found), seconds=seconds
        )

    def click(self, selector: str, *, button: str = "left") -> None:
        self.firefox.do("click", page=self.name, selector=selector, button=button)

    def type(self, text: str) -> None:
        self.firefox.do("type", page=self.name, text=text)

    def press(self, *keys: str) -> None:
        self.firefox.do("press", page=self.name, keys=keys)

    def show(self) -> None:
        self.firefox.do("show", page=self.name)

    def reload(self) -> None:
        self.firefox.do("reload", page=self.name)

    def close(self) -> None:
        self.firefox.do("close", page=self.name)
        self.firefox.tabs.remove(self)


@dataclass
class Firefox:
    """The browser; what goes wrong in it is raised as AssertionError."""

    commands: IO[str]
    answers: IO[str]
    names: Iterator[int] = field(default_factory=itertools.count)
    tabs: list["Tab"] = field(default_factory=list)

    def do(self, act: str, **facts: Any) -> Any:
        self.commands.write(json.dumps({"act": act, **facts}) + "\n")
        self.commands.flush()
        return self.answer()

    def answer(self) -> Any:
        line = self.answers.readline()
        assert line, "Firefox is gone"
        said = json.loads(line)
        assert "error" not in said, said["error"]
        return said["value"]

    def open(self, address: str, body: str = "") -> Tab:
        """Open a page of the sites, with `body` as its answer."""
        if body:
            self.do("answer", pages={address.partition("#")[0]: body})
        tab = Tab(self, f"page {next(self.names)}")
        self.do("open", page=tab.name, address=address)
        self.tabs.append(tab)
        return tab

    def close_pages(self) -> None:
        for tab in list(self.tabs):
            tab.close()

    def extension_page(self, name: str) -> Tab:
        tab = self.open(f"moz-extension://{UUID}/{name}")
        tab.until(f"location.pathname === '/{name}' && document.readyState === 'complete'")
        tab.show()
        return tab

    def ask(self, kind: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the background, as the extension's own pages do."""
        tab = self.extension_page("popup/popup.html")
        reply = tab.evaluate(
            f"browser.runtime.sendMessage({json.dumps({'kind': kind, 'body': body or {}})})"
        )
        tab.close()
        assert "error" not in reply, reply
        return reply["value"]

    def pair(self, server: Server, host: str = "127.0.0.1") -> str:
        """Pair as a person does, on the options page, and allow what the browser asks; give what
        the page said.
        """
        options = self.extension_page("options/options.html")
        options.until("document.querySelector('#address').value")
        options.evaluate(
            f"document.querySelector('#address').value = '{host}:{server.port}/'; "
            f"document.querySelector('#code').value = '{server.code()}'"
        )
        options.click("#pair [type=submit]")
        assert self.do("chrome", script=ALLOW)
        said = options.until(
            "/Paired/.test(document.querySelector('#answer').textContent) && "
            "document.querySelector('#answer').textContent"
        )
        options.close()
        return str(said)

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """Let the browser look for its server where nobody is, as after a fallen network."""
        address = self._move(f"http://127.0.0.1:{free_port()}")
        try:
            yield
        finally:
            self._move(address)
        self.ask("flush")

    def _move(self, address: str) -> str:
        tab = self.extension_page("popup/popup.html")
        before = tab.evaluate(
            "(async () => { const {account} = await browser.storage.local.get('account'); "
            f"await browser.storage.local.set({{account: {{...account, address: '{address}'}}}}); "
            "return account.address; })()"
        )
        tab.close()
        return str(before)

    def restart_background(self) -> None:
        """Stop the background as the browser does when it is idle; what it listens for starts it
        again.
        """
        self.do(
            "chrome", script=f"WebExtensionPolicy.getByID('{ID}').extension.terminateBackground()"
        )

    def reload_extension(self) -> None:
        """Load the extension anew, as after an update."""
        script = (
            "(async () => { const {AddonManager} = "
            "ChromeUtils.importESModule('resource://gre/modules/AddonManager"
            f".sys.mjs'); await (await AddonManager.getAddonByID('{ID}')).reload(); }})()"
        )
        self.do("chrome", script=script)


@contextmanager
def browsing(extension: Path | None, profile: Path) -> Iterator[Firefox]:
    """Run Firefox on a profile; with an extension, sites answer only what `open` was given."""
    if not (FIREFOX and (HERE / "node_modules").is_dir()):
        why = (
            "no Firefox or no npm packages: "
            "apt-get install firefox-esr; npm ci --prefix tests/extension"
        )
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
    job = {
        "firefox": FIREFOX,
        "profile": str(profile),
        "extension": extension and str(extension),
        "id": ID,
        "uuid": UUID,
    }
    node = subprocess.Popen(
        ["node", "firefox.mjs"], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with node:
        assert node.stdin
        assert node.stdout
        node.stdin.write(json.dumps(job) + "\n")
        node.stdin.flush()
        firefox = Firefox(node.stdin, node.stdout)
        firefox.answer()
        if extension:
            firefox.do("chrome", script=SETTLE)
        yield firefox
        node.stdin.close()
