"""The stack as `make up` runs it: its parts, how they start, are watched, and stop."""
