"""The command line's commands: one file each, with its options and what it does by the page's own plain functions."""
