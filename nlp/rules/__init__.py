"""The rule components that run after the tagger, and the lists of names that they read."""
