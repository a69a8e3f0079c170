"""The command line: one room a command; `main` puts them together."""
