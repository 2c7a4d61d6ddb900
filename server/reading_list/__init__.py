"""What a user writes: entries, notes, tags, corrections, the trash, and statistics about them."""
