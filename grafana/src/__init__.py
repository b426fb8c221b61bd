"""The dashboards as code: what they ask, in which unit, where. `make gen` writes their JSON."""
