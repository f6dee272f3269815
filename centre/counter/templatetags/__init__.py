"""What the counter's templates may use."""
