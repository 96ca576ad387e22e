#!/usr/bin/env python3
"""Django's command line."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatproject.settings")
    from django.core.management import execute_from_command_line
    from django.db import Error as DatabaseFault

    from chatproject.redaction import redact_uncaught

    redact_uncaught()
    try:
        execute_from_command_line(sys.argv)
    except DatabaseFault as fault:
        from common.database_errors import classify

        kind = classify(fault)
        if kind is None:
            raise
        sys.exit(f"The database cannot be used at the moment ({kind}). Try again later.")


if __name__ == "__main__":
    main()
