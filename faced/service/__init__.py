"""The two daemons: varlink, peer credentials, unit notification and their main programs."""
