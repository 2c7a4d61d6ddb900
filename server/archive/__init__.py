"""The JSON archive of all that one user wrote: write it, read it back, merge and compare."""
