"""Atom feeds: choose their papers and render them."""
