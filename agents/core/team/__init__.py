"""The agents that the coordinator leads: each module here is one, and names it ``AGENT``."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from agents.core.agent import Agent


def _members() -> tuple[Agent, ...]:
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    # The text agent first: it is the one asked most, and a model reads its functions in order.
    modules.sort(key=lambda name: name != "text")
    return tuple(import_module(f"{__name__}.{name}").AGENT for name in modules)


TEAM = _members()
NAMES = tuple(agent.name for agent in TEAM)
