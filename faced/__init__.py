"""faced: password and face, both, at the logon of a Linux workstation."""

__version__ = "0.1.0"
