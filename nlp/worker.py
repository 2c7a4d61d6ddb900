"""The pipeline as a process of its own: `python -m nlp.worker fast [PERSONAL]` answers standard input until it ends.

Its first line is the model's version. Each line of input is a JSON list of texts, and is answered by a line with a JSON
list of their extractions, or with an object whose `error` says why there are none.
"""

import os
import signal
import sys
from pathlib import Path

import msgspec

from nlp.extract import extract
from nlp.personal import load_choice
from nlp.version import ModelChoice, ModelName


def main(model: ModelName, personal: str | None = None) -> None:
    """Answer requests, with less claim to the processor than the server that asks."""
    # Ctrl-C goes to the whole group, and it is for the server to end its worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(10)
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    nlp, version = load_choice(ModelChoice(model, Path(personal) if personal else None))
    encoder, decoder = msgspec.json.Encoder(), msgspec.json.Decoder(list[str])
    answers.write(encoder.encode(version) + b"\n")
    answers.flush()
    for line in sys.stdin.buffer:
        try:
            answer = encoder.encode(list(extract(nlp, decoder.decode(line))))
        except Exception as error:  # noqa: BLE001 - whatever a text does to the model, the next one is to be read
            answer = encoder.encode({"error": repr(error)})
        answers.write(answer + b"\n")
        answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])  # type: ignore[arg-type]
