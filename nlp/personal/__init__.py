"""A personal model: a reranker trained on one user's corrections."""
