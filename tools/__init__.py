"""The command line: `farebox` and its subcommands. Argument parsing and printing only."""
