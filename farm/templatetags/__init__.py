"""Filters of the project's own templates."""
