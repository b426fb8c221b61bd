"""The Django project: environment, settings, routes, middleware. No word of the domain."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("furrow")
except PackageNotFoundError:  # a checkout that was not installed
    __version__ = "0.1.0"
