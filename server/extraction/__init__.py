"""Run the pipeline in a worker process, save what it finds, and train a personal model."""
