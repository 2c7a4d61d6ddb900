"""Training, evaluation and error analysis of the packaged models."""
