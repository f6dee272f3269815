"""The counter's pages: each parses what was sent, calls, and renders. What is decided stands elsewhere."""
