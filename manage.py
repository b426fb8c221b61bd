#!/usr/bin/env python
"""Run Django's commands from a checkout: ``python manage.py <command>``."""

from orchestrator.manage import main

if __name__ == "__main__":
    main()
