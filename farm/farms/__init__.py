"""Farms and memberships."""
