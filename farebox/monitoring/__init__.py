"""How the terminal is doing, for whoever watches from outside: a process of its own beside it."""
