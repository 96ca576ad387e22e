"""The encrypted column, with the traps of django-fernet-fields disarmed.

The library encrypts whatever it is given and decrypts at every load. Here the value of the field
is always a ``SealedKey``: loading decrypts nothing, saving takes nothing else, and opening is an
explicit call (``UserApiKey.get_decrypted_key``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldError, ValidationError
from django.db import models
from fernet_fields.fields import EncryptedTextField

from apikeys.seal import SealedKey, all_fernets

if TYPE_CHECKING:  # the library has no types; what the attribute holds is ours to say
    Base = models.Field[SealedKey, SealedKey]
else:
    Base = EncryptedTextField


class SealedKeyField(Base):
    """A text column that holds a sealed key; lookups other than ``isnull`` are refused."""

    _internal_type = "TextField"  # the token is ASCII: readable in a dump as what it is

    @property
    def fernet(self) -> Any:
        # The library's own provider falls back to SECRET_KEY and caches for the process's life.
        return all_fernets()

    @property
    def validators(self) -> list[Any]:
        return []  # the library's version changes the field's type in place while it computes

    # The library decrypts at every load: one row that does not open would break each list that it
    # is in, and every page would hold keys in memory.
    def from_db_value(
        self, value: str | None, expression: Any, connection: Any
    ) -> SealedKey | None:
        return None if value is None else SealedKey(value)

    def to_python(self, value: Any) -> SealedKey | None:
        if value is None or isinstance(value, SealedKey):
            return value
        if isinstance(value, str) and value.startswith("gAAAA"):
            return SealedKey(value)  # a restored backup
        raise ValidationError("This field takes sealed keys only.")

    def get_prep_value(self, value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, SealedKey):
            # Refuses plain text, and SQL expressions, which the library would encrypt as text.
            raise FieldError("This field takes sealed keys only: no plain text, no expressions.")
        return value.ciphertext

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return value if prepared else self.get_prep_value(value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return self.get_prep_value(value)

    def value_to_string(self, obj: models.Model) -> str:
        # ``dumpdata`` asks for this. The library gives the plain text.
        sealed = self.value_from_object(obj)
        return sealed.ciphertext if isinstance(sealed, SealedKey) else ""

    def formfield(self, *args: Any, **kwargs: Any) -> None:
        return None
