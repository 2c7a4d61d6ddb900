"""Limit how many six-digit pairing codes can be guessed, before the database is asked.

Long codes need no limit: nobody can guess them, so they work also while somebody else guesses.
"""

from collections import deque
from datetime import datetime, timedelta

from server.errors import TooManyTries

WINDOW = timedelta(minutes=5)  # how long a six-digit code is valid
PER_ADDRESS = 5
IN_ALL = 25  # of a million codes


class PairingLimit:
    """Counts the tries of the last minutes, from each address and in all."""

    def __init__(self) -> None:
        self._tries: deque[tuple[datetime, str]] = deque()

    def take(self, address: str, now: datetime) -> None:
        """Count a try before it is made, so that tries at the same time count too.

        Raises `TooManyTries` if there were too many.
        """
        while self._tries and self._tries[0][0] <= now - WINDOW:
            self._tries.popleft()
        # by address, so that one guesser does not lock the user out, and in all, against many
        own = sum(address == other for _, other in self._tries)
        if own >= PER_ADDRESS or len(self._tries) >= IN_ALL:
            raise TooManyTries(
                "too many wrong pairing codes: wait five minutes, or use the long code instead"
            )
        self._tries.append((now, address))

    def give_back(self, address: str, now: datetime) -> None:
        """Forget a try that was right."""
        self._tries.remove((now, address))
