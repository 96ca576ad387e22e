"""Seals stored keys anew under the first master key, row by row, while the server runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from apikeys import master_key
from apikeys.audit import OPERATOR, What, note
from apikeys.health import UNREADABLE
from apikeys.models import MasterKeyProbe, UserApiKey
from apikeys.seal import fingerprints, is_current, new_nonce, seal_key
from common.errors import AppError


def keys_rotate(
    *,
    dry_run: bool = False,
    accept_loss: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Counter[str]:
    """Rotate all keys; returns how many were ``rotated``, ``current`` or ``unreadable``.

    It can be stopped at any moment: each row is written at once, and a second run goes on.

    Args:
        accept_loss: go on although some master key is missing, and let its keys go.
        on_progress: called with how many are done, of how many.

    Raises:
        AppError: ``wrong_master_key``: nothing is known to open.
    """
    if not dry_run:
        _prepare(accept_loss)
    counts = _pass(dry_run, on_progress)
    more = counts
    # Whatever was sealed by a process of before, while this went on, is found by going round again.
    while more["rotated"] and not dry_run:
        more = _pass(dry_run, lambda done, total: None)
        counts["rotated"] += more["rotated"]
    # Older probes stay as long as something may still be sealed under their master key: they are
    # what tells that it was taken away too early.
    if not dry_run and not counts["unreadable"]:
        master_key.forget_older()
    return counts


def _prepare(accept_loss: bool) -> None:
    with transaction.atomic():
        if accept_loss and not master_key.is_right():
            MasterKeyProbe.objects.all().delete()
            master_key.remember()
        master_key.require_and_remember()


def _pass(dry_run: bool, on_progress: Callable[[int, int], None]) -> Counter[str]:
    # The ids first: an open cursor would hold a snapshot, and on SQLite the other writers up.
    ids = list(UserApiKey.objects.order_by("pk").values_list("pk", flat=True))
    counts: Counter[str] = Counter(rotated=0, current=0, unreadable=0)
    for done, key_id in enumerate(ids, start=1):
        key = UserApiKey.objects.select_related("user").filter(pk=key_id).first()
        if key is not None:
            counts[key_rotate(key=key, dry_run=dry_run)] += 1
        on_progress(done, len(ids))
    return counts


@sensitive_variables()
def key_rotate(*, key: UserApiKey, dry_run: bool = False) -> str:
    """Seal a stored key anew under the first master key: ``current``, ``rotated``, ``unreadable``.

    Written only if nobody replaced the key meanwhile; what is stored then is current anyway.
    """
    key = UserApiKey.objects.defer(None).select_related("user").get(pk=key.pk)
    try:
        secret = key.get_decrypted_key()
    except AppError:
        if not dry_run:
            # Its owner may have entered it again since.
            same = UserApiKey.objects.filter(pk=key.pk, fingerprint=key.fingerprint)
            same.update(status=UserApiKey.Status.UNREADABLE, status_detail=UNREADABLE)
        return "unreadable"
    if is_current(key.encrypted_key):
        return "current"
    if not dry_run:
        # The same nonce: it names the secret, and a new one would end the answers that run on the
        # key.
        nonce = key.seal_nonce or new_nonce()
        with transaction.atomic():
            # A compare-and-set: an owner who replaced the key since it was read keeps the new
            # secret. Row by row: ``bulk_update`` gives the column an SQL expression, which the
            # library seals as text in the place of every key.
            written = UserApiKey.objects.filter(pk=key.pk, fingerprint=key.fingerprint).update(
                encrypted_key=seal_key(secret, owner_id=key.user_id, key_id=key.id, nonce=nonce),
                seal_nonce=nonce,
                fingerprint=fingerprints(secret, owner_id=key.user_id)[0],
            )
            if written:
                note(key, What.ROTATE, OPERATOR)
    return "rotated"
