import uuid
from decimal import Decimal

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import apikeys.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="UserApiKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("encrypted_key", apikeys.fields.SealedKeyField(editable=False)),
                ("is_active", models.BooleanField(default=True)),
                ("tail", models.CharField(blank=True, editable=False, max_length=4)),
                ("fingerprint", models.CharField(editable=False, max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "works"),
                            ("unverified", "not checked yet"),
                            ("invalid", "refused by Google"),
                            ("blocked", "blocked by Google"),
                            ("limited", "needs a change at Google"),
                            ("quota", "out of quota"),
                            ("expired", "past its expiry date"),
                            ("unreadable", "cannot be read: enter it again"),
                        ],
                        default="unverified",
                        max_length=20,
                    ),
                ),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_keys",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "daily_money",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=10,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(Decimal("0.01"))],
                        verbose_name="daily US dollars",
                    ),
                ),
                (
                    "daily_tokens",
                    models.PositiveBigIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                    ),
                ),
                ("last_error_at", models.DateTimeField(blank=True, null=True)),
                ("last_error_code", models.CharField(blank=True, max_length=50)),
                ("last_success_at", models.DateTimeField(blank=True, null=True)),
                ("listed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "listed_models",
                    models.JSONField(
                        blank=True,
                        editable=False,
                        help_text="The models Google listed for this key.",
                        null=True,
                    ),
                ),
                (
                    "monthly_money",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=10,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(Decimal("0.01"))],
                        verbose_name="monthly US dollars",
                    ),
                ),
                (
                    "monthly_tokens",
                    models.PositiveBigIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                    ),
                ),
                (
                    "quota_until",
                    models.DateTimeField(
                        blank=True,
                        help_text="When Google gives this key quota again, if it said so.",
                        null=True,
                    ),
                ),
                (
                    "seal_nonce",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        editable=False,
                        help_text="Of the present seal.",
                        max_length=32,
                    ),
                ),
                (
                    "billing_refusals",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        editable=False,
                        help_text="API ids that Google refused this key for want of billing, and when.",
                    ),
                ),
                ("status_detail", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "verbose_name": "API key",
                "db_table": "user_api_keys",
                "ordering": ["created_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "name"), name="user_api_keys_one_per_name"
                    ),
                    models.UniqueConstraint(
                        fields=("user", "fingerprint"), name="user_api_keys_no_duplicates"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MasterKeyProbe",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ciphertext", models.TextField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "seal_canaries",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="GoogleCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "google_checks",
            },
        ),
        migrations.CreateModel(
            name="KeyAudit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("actor_name", models.CharField(blank=True, max_length=150)),
                (
                    "via",
                    models.CharField(
                        choices=[
                            ("api", "page or API"),
                            ("admin", "admin"),
                            ("command", "command line"),
                            ("run", "an answer"),
                        ],
                        max_length=10,
                    ),
                ),
                ("owner_name", models.CharField(max_length=150)),
                (
                    "key_id",
                    models.UUIDField(help_text="Of a key that may be gone.", verbose_name="key id"),
                ),
                ("key_name", models.CharField(max_length=100)),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("create", "stored"),
                            ("replace", "replaced by another key"),
                            ("rename", "renamed"),
                            ("limits", "expiry or budget changed"),
                            ("select", "chosen for answers"),
                            ("activate", "switched on"),
                            ("deactivate", "switched off"),
                            ("verify", "checked with Google"),
                            ("use_refused", "use refused"),
                            ("lend", "lent"),
                            ("revoke", "loan ended"),
                            ("rotate", "sealed under a new master key"),
                            ("delete", "deleted"),
                        ],
                        max_length=20,
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=200)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "key audit entry",
                "verbose_name_plural": "key audit",
                "db_table": "key_audit",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["key_id", "-id"], name="key_audit_of_key"),
                    models.Index(fields=["owner", "-id"], name="key_audit_of_owner"),
                ],
            },
        ),
        migrations.CreateModel(
            name="KeyLoan",
            fields=[
                (
                    "daily_tokens",
                    models.PositiveBigIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                    ),
                ),
                (
                    "monthly_tokens",
                    models.PositiveBigIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                    ),
                ),
                (
                    "daily_money",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=10,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(Decimal("0.01"))],
                        verbose_name="daily US dollars",
                    ),
                ),
                (
                    "monthly_money",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=10,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(Decimal("0.01"))],
                        verbose_name="monthly US dollars",
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "label",
                    models.CharField(
                        help_text="What the borrower sees of the key.", max_length=100
                    ),
                ),
                (
                    "allowed_models",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Names of the models it may be used for; empty: all.",
                    ),
                ),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "borrower",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="key_loans",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="key_loans",
                        to="auth.group",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="loans",
                        to="apikeys.userapikey",
                    ),
                ),
            ],
            options={
                "verbose_name": "key loan",
                "db_table": "key_loans",
                "ordering": ["created_at", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("borrower", None), ("group", None), _connector="XOR"),
                        name="key_loans_to_one",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("revoked_at", None)),
                        fields=("key", "borrower"),
                        name="key_loans_one_per_borrower",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("revoked_at", None)),
                        fields=("key", "group"),
                        name="key_loans_one_per_group",
                    ),
                ],
            },
        ),
    ]
