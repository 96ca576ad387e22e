"""The test settings with every logger at DEBUG, those of the libraries too."""

from tests.settings import *  # noqa: F403
from tests.settings import LOGGING

LOGGING["root"]["level"] = "DEBUG"
for logger in LOGGING["loggers"].values():
    logger["level"] = "DEBUG"
