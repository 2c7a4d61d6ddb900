"""The users of a store, and their tokens, sessions and pairing codes."""
