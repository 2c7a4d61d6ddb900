"""Terms that papers mention, and each user's names, merges and corrections of them."""
