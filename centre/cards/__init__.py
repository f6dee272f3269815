"""Cards, their holders, passes and auto-charge."""
