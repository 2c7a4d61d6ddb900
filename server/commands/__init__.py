"""The commands of `papermargin`: each reads its options, makes one or two calls, and prints."""
