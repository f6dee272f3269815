"""`farebox reader`: what readers there are, and how well they do."""
