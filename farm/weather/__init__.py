"""Weather: providers and stations in, local days and decisions out, computed by furrow-weather."""
