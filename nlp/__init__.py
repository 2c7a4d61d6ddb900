"""What an abstract says: methods, datasets, metrics, tasks and reported results, read by a spaCy pipeline."""

import os

# NumPy reads this once, when it is imported. Its products here are too small to gain from several threads, which then
# wait for each other: one thread does twice the words in a second of processor time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
