"""A spaCy pipeline that finds methods, datasets, metrics, tasks and results in abstracts."""

import os

# NumPy reads this once, when it is imported. Its matrix products here are too small to gain from
# several threads, which then wait for each other: one thread processes twice the words in a second
# of processor time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
