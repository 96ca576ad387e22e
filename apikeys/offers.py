"""Which models a key may be used for, by what is known here: nobody is asked."""

from __future__ import annotations

from dataclasses import dataclass

from agents.core.catalogue import ModelInfo
from apikeys.models import UserApiKey
from apikeys.selectors import loan_to, selected_key_id


@dataclass(frozen=True, slots=True)
class KeyModels:
    """What is known of the models of a key.

    ``listed``: their API ids, see ``UserApiKey.known_models``. ``lent``: the names in the
    catalogue that a loan allows; empty: all.
    """

    listed: frozenset[str] | None = None
    lent: tuple[str, ...] = ()

    def available(self, model: ModelInfo) -> bool | None:
        """Whether the key may be used for ``model``; None: not known."""
        if self.lent and model.name not in self.lent:
            return False
        return None if self.listed is None else model.api_id in self.listed


def models_of_selected(user_id: int) -> KeyModels:
    """What is known of the user's selected key, an own or a lent one; nothing, if it is neither."""
    key_id = selected_key_id(user_id)
    key = UserApiKey.objects.filter(pk=key_id).first() if key_id else None
    if key is None:
        return KeyModels()
    if key.user_id == user_id:
        return KeyModels(key.known_models)
    loan = loan_to(user_id, key.pk)
    return KeyModels(key.known_models, tuple(loan.allowed_models)) if loan else KeyModels()
