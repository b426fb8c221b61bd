"""Where weather comes from: one module a provider, all behind ``interface``."""
