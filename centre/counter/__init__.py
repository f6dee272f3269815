"""What clerks do."""
