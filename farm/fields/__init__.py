"""Fields and their outlines."""
