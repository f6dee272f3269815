"""What keeps the centre running: its background work, its health."""
