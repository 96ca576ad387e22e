"""The test settings with every logger at DEBUG, those of the libraries too."""

from typing import Any

from tests.settings import *  # noqa: F403
from tests.settings import LOGGING

_logging: Any = LOGGING
_logging["root"]["level"] = "DEBUG"
for logger in _logging["loggers"].values():
    logger["level"] = "DEBUG"
