"""Run the pipeline as a process of its own: `python -m nlp.worker fast [PERSONAL]`.

The first line that the process writes is the model's version as a JSON string. Each line that it
reads is a JSON list of texts, answered by one line: a JSON list of their extractions, or an object
whose `error` says why there are none. The process ends with its input.
"""

import os
import signal
import sys
from pathlib import Path

import msgspec

from nlp.extract import extract
from nlp.personal.model import load_choice
from nlp.version import ModelChoice, ModelName


def main(model: ModelName, personal: str | None = None) -> None:
    """Answer requests from standard input at a lower priority than the server's."""
    # Ctrl-C is sent to the whole process group, and the stop of a service to all its processes; the
    # server ends its worker itself.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform != "win32":
        os.nice(10)
    # Whatever a library prints must not mix with the answers.
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    nlp, version = load_choice(ModelChoice(model, Path(personal) if personal else None))
    encoder, decoder = msgspec.json.Encoder(), msgspec.json.Decoder(list[str])
    answers.write(encoder.encode(version) + b"\n")
    answers.flush()
    for line in sys.stdin.buffer:
        try:
            answer = encoder.encode(list(extract(nlp, decoder.decode(line))))
        except Exception as error:  # noqa: BLE001 - one bad text must not stop the others
            answer = encoder.encode({"error": repr(error)})
        answers.write(answer + b"\n")
        answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])  # type: ignore[arg-type]
