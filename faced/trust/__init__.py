"""Signed statements and sealed templates. No network, no file but keys."""
