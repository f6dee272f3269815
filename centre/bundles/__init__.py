"""What vehicles are told."""
