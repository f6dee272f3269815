"""`farebox centre`: its subcommands, each in a file of its own."""
