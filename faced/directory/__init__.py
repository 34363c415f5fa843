"""The intranet directory: verified connections, people, hosts, the realm, and the cache of sealed bytes."""
