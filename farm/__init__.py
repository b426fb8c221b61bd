"""The farm: the one Django app, a package per noun."""
