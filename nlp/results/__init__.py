"""Find the results that an abstract reports, each with its metric, dataset and method."""
