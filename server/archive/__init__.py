"""Our own JSON export, on the side of the store: packed from it, and unpacked into it without losing a word."""
