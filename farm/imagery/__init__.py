"""Scenes, indices and observations."""
