"""Budgets of keys: looked at before a run, before each of its calls, and while a call goes on.

What is left is what the ledger shows, where each call of each process is noted as it begins, every
two seconds, and as it ends. So runs at the same time see each other's spending, a little late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from agents.core.errors import RunError
from apikeys.rights import Standing
from apikeys.selectors import RunKey
from common.database import patiently
from common.errors import AppError
from conversations.usage.budgets import BudgetState, budget_states
from gemini import prices
from gemini.failover import Allowance
from gemini.keys import Key

NO_PRICE = (
    "This key has a budget in money, and what the model “{model}” costs is not known here. Choose "
    "another model or key; an administrator can set the price."
)
OTHER_MODELS = (
    "This key is lent to you for other models only, not for “{model}”. Choose another model or key."
)


class LedgerBudget:
    """A ``Budget`` over the ledger, for the keys of one run."""

    def __init__(self, keys: Sequence[RunKey], user_id: int) -> None:
        self._keys = {str(key.id): key for key in keys}
        self._user_id = user_id
        self._ended: dict[str, str] = {}

    @property
    def keys(self) -> list[RunKey]:
        return list(self._keys.values())

    def renew(self, key_id: UUID, standing: Standing) -> None:
        """Go by the terms of a key as they are now; one that ended is not used any more."""
        key = self._keys[str(key_id)]
        if standing.code:
            self._ended[str(key_id)] = standing.code
        elif standing.budget is not None:
            # Switched off and on again within a run: usable again. A key in use has been stopped by
            # then.
            self._ended.pop(str(key_id), None)
            changed = replace(key, budget=standing.budget, loan=standing.loan)
            self._keys[str(key_id)] = changed

    async def allowances(self, key: Key, model: str, call_id: UUID | None) -> tuple[Allowance, ...]:
        """See ``Budget.allowances``. A key of one's own without budgets costs no query."""
        if code := self._ended.get(key.id):
            raise RunError(code)
        run_key = self._keys[key.id]
        # Before the shortcut below: a loan without budgets can still be for certain models only.
        _check_model(run_key, model)
        if _is_unlimited(run_key):
            return ()
        # ``patiently``: while the database is away a call waits rather than spends what nobody can
        # check.
        return await patiently(_allowances, run_key, self._user_id, call_id)


def check_budget(key: RunKey, model: str, user_id: int) -> None:
    """Before a run begins.

    Raises:
        AppError: ``budget_used_up``, with the reason and when it is over; ``model_not_lent``.
    """
    try:
        _check_model(key, model)
    except RunError as error:
        raise (_refusal(error.message, 403) if error.code == "budget" else error) from None
    now = timezone.now()
    for state, message in _states(key, user_id, None):
        if state.left <= 0:
            raise _refusal(message, 429, (state.renews_at - now).total_seconds())


def _refusal(message: str, status: int, retry_after_s: float | None = None) -> AppError:
    """A run that may not begin: clients know that by another code than ``budget``, which ends one
    that did."""
    return AppError("budget_used_up", message, status=status, retry_after_s=retry_after_s)


def _check_model(key: RunKey, model: str) -> None:
    if not key.allows(model):
        raise RunError("model_not_lent", OTHER_MODELS.format(model=model))
    budgets = [key.budget, *([key.loan.budget] if key.loan else [])]
    in_money = any(budget.daily_money or budget.monthly_money for budget in budgets)
    if in_money and not prices.is_priced(model):
        raise RunError("budget", NO_PRICE.format(model=model))


def _is_unlimited(key: RunKey) -> bool:
    return key.budget.is_unlimited and (key.loan is None or key.loan.budget.is_unlimited)


def _allowances(key: RunKey, user_id: int, call_id: UUID | None) -> tuple[Allowance, ...]:
    states = _states(key, user_id, call_id)
    return tuple(Allowance(state.unit, state.left, message) for state, message in states)


def _states(key: RunKey, user_id: int, call_id: UUID | None) -> list[tuple[BudgetState, str]]:
    """All budgets that bind this user on this key, each with what to say once it is used up."""
    # Without the call itself (``leave_out``): it is in the ledger from its beginning, and what it
    # has used is compared with what is left, so it would count twice.
    of_key = budget_states(key_id=key.id, limits=key.budget, leave_out=call_id)
    if key.loan is None:
        return [(state, _own_message(key, state)) for state in of_key]
    # How much others spend on a key, and what its owner allows in all, is not the borrower's.
    states = [(state, _others_message(key, state)) for state in of_key]
    of_loan = budget_states(
        key_id=key.id, limits=key.loan.budget, user_id=user_id, leave_out=call_id
    )
    return states + [(state, _own_message(key, state)) for state in of_loan]


def _own_message(key: RunKey, state: BudgetState) -> str:
    advice = "Ask its owner for more" if key.loan else "Raise the budget"
    return (
        f"{_whose(key, state)}, {_amount(state)}, is used up. It starts anew on "
        f"{_when(state.renews_at)}. {advice}, or choose another key under Keys."
    )


def _others_message(key: RunKey, state: BudgetState) -> str:
    return (
        f"{_whose(key, state)} is used up by all who share it. It starts anew on "
        f"{_when(state.renews_at)}. Choose another key under Keys."
    )


def _whose(key: RunKey, state: BudgetState) -> str:
    period = {"day": "Today's", "month": "This month's"}[state.period]
    return f"{period} budget of the key “{key.name}”"


def _amount(state: BudgetState) -> str:
    return f"{state.limit:,.0f} tokens" if state.unit == "tokens" else f"${state.limit:,.2f}"


def _when(moment: datetime) -> str:
    return f"{moment.day} {moment:%B} at 00:00 UTC"
