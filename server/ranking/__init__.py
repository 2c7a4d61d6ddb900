"""Rank papers for a user: vectors of papers, a model per user, and papers alike."""
