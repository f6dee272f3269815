"""The vehicles' segments."""
