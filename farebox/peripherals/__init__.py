"""What is wired to a fare box besides its card readers: a Protocol for each, and drivers behind it."""
