"""People, keys, and how they prove who they are."""
