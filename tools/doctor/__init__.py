"""`farebox doctor`: a whole terminal looked at, nothing of it changed, and what is wrong named with its fix."""
