"""See ``farm.observability.databases.counting``."""
