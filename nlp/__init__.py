"""What an abstract says: methods, datasets, metrics, tasks and reported results, read by a spaCy pipeline."""
