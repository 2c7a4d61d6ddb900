"""A reader that takes a fixed time for each text, in place of the model, and notes what it read."""

import os
from pathlib import Path

from msgspec import Struct

# imported by each Python process as it starts; it replaces the model where that would be loaded
_READER = """
import os, sys, time, types

if "nlp.worker" in sys.orig_argv:
    from nlp.spans import Extraction
    from nlp.version import model_version

    def extract(nlp, texts):
        for text in texts:
            time.sleep(float(os.environ["READING_SECONDS"]))
            with open(os.environ["READ_TITLES"], "a") as file:
                file.write(f"{os.getppid()} {text.splitlines()[0]}\\n")
            yield Extraction(mentions=[], results=[])

    for name in ("extract", "personal.model"):
        sys.modules[f"nlp.{name}"] = types.ModuleType(f"nlp.{name}")
    sys.modules["nlp.extract"].extract = extract
    sys.modules["nlp.personal.model"].load_choice = lambda choice: (None, model_version(choice))
"""


class WaitingReader(Struct, frozen=True):
    """Where the reader is installed, and how long a text takes."""

    folder: Path
    seconds: float

    def environment(self) -> dict[str, str]:
        """Install the reader; return the environment of a process that reads with it."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "sitecustomize.py").write_text(_READER)
        self._titles.touch()
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(self.folder), str(Path.cwd())]),
            "READING_SECONDS": str(self.seconds),
            "READ_TITLES": str(self._titles),
        }

    def read(self) -> list[tuple[int, str]]:
        """Return which process read which title, in order."""
        lines = self._titles.read_text().splitlines()
        return [(int(line.partition(" ")[0]), line.partition(" ")[2]) for line in lines]

    @property
    def _titles(self) -> Path:
        return self.folder / "titles"
