"""Where frames come from. Knows nothing of faces."""
