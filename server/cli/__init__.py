"""The commands of `papermargin`, one module for each group of commands."""
