"""Which key pays for the calls of a run, and how much of it may be spent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID, uuid4
from weakref import WeakSet

from gemini.errors import ERRORS, GeminiError
from gemini.keys import Key
from gemini.outputs import Activity

FAIL_OVER = frozenset(code for code, spec in ERRORS.items() if spec.fails_over)
KEY_ENDED = frozenset({"key_deleted", "key_inactive", "key_expired", "key_replaced"})
PASSED_OVER = KEY_ENDED | {"budget", "loan_ended", "model_not_lent"}


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of one budget of a key.

    Args:
        unit: ``tokens`` or ``usd``.
        left: without the call it was asked for; zero or less when it is used up.
        message: what the user is told once it is.
    """

    unit: str
    left: Decimal
    message: str


class Budget(Protocol):
    async def allowances(self, key: Key, model: str, call_id: UUID | None) -> tuple[Allowance, ...]:
        """What is left of the key's budgets now, leaving out what the call itself has used.

        Raises:
            GeminiError: ``budget``, if the model must not be called at all.
        """
        ...


def secrets_in_use() -> set[str]:
    """The secrets of all runs of this process: for whoever has to keep them out of something."""
    return {secret for keys in list(_in_use) for secret in keys.secrets if secret}


class Keys:
    """The keys of one run, in the order they may be used.

    The next one is taken when Google turns the one in use away.

    Attributes:
        delivered: something has come of a model; no other key is taken from then on.
    """

    def __init__(self, *keys: Key, budget: Budget | None = None) -> None:
        self._keys = keys
        _in_use.add(self)
        self._at = 0
        self._budget = budget
        # After a delivery the reader would see an answer begin twice, and somebody would pay twice.
        # It is the run's, not a call's: agents that work side by side share one key in use, and a
        # change in the middle of another one's answer would leave its signatures to a project that
        # does not pay any more.
        self.delivered = False

    def __repr__(self) -> str:
        return f"Keys({', '.join(key.name for key in self._keys)})"

    def put_first(self, key: Key) -> None:
        """Have ``key`` pay, and the others only where Google turns it away."""
        self._keys = (key, *self._keys)

    @property
    def in_use(self) -> Key | None:
        return self._keys[self._at] if self._keys else None

    @property
    def secrets(self) -> tuple[str, ...]:
        """That of the key in use, then all others: none of them may show up in an answer."""
        # All of them, not the one in use alone: the model may have been shown another one in the
        # prompt, and an answer that began with one key goes on, redacted, with the next.
        keys = (*self._keys[self._at :], *self._keys[: self._at])
        return tuple(key.secret for key in keys)

    def switch(self, code: str) -> Activity | None:
        """Go on to the next key after an error with ``code``; how to tell it, or None."""
        # A later key that may not be used (its budget is empty, it was deleted since) is passed
        # over as if it were not there. The first one was chosen by its user, who is told instead:
        # the next one, perhaps lent, would otherwise pay without anybody having wanted it.
        passes_over = code in PASSED_OVER and self._at > 0
        if self.delivered or self._at + 1 >= len(self._keys):
            return None
        if code not in FAIL_OVER and not passes_over:
            return None
        # There is no way back in a run. A key that failed would fail again, and contents that were
        # composed for its successor hold no signatures of its project.
        before = self._keys[self._at]
        self._at += 1
        change = {"from": before.name, "to": self._keys[self._at].name, "reason": code}
        return Activity("key", change, ref=str(uuid4()))

    async def allowances(self, model: str, call_id: UUID | None = None) -> tuple[Allowance, ...]:
        """What is left for a call to ``model`` on the key in use.

        Raises:
            GeminiError: ``budget``.
        """
        if self._budget is None or self.in_use is None:
            return ()
        allowances = await self._budget.allowances(self.in_use, model, call_id)
        for allowance in allowances:
            if allowance.left <= 0:
                raise GeminiError("budget", allowance.message)
        return allowances


# Weak, so that a key is known to the process for no longer than a run that uses it: an ended run
# takes its keys along by itself, however it ended.
_in_use: WeakSet[Keys] = WeakSet()
