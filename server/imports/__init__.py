"""Import papers and notes from files and from web sites."""
