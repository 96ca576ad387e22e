import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("apikeys", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SignInAttempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name_digest",
                    models.CharField(help_text="People type passwords as names.", max_length=64),
                ),
                ("address", models.CharField(max_length=45)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "is_known",
                    models.BooleanField(default=False, help_text="From where it succeeded before."),
                ),
            ],
            options={
                "db_table": "sign_in_attempts",
                "indexes": [
                    models.Index(fields=["name_digest", "at"], name="sign_in_attempts_by_name"),
                    models.Index(fields=["address", "at"], name="sign_in_attempts_by_address"),
                    models.Index(fields=["at"], name="sign_in_attempts_by_time"),
                ],
            },
        ),
        migrations.CreateModel(
            name="UserProfile",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="profile",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("ai_model", models.CharField(default="gemini-3-flash", max_length=50)),
                (
                    "token_version",
                    models.PositiveIntegerField(
                        default=0,
                        editable=False,
                        help_text="Raised to end every token issued before.",
                    ),
                ),
                ("preferences", models.JSONField(blank=True, default=dict)),
                (
                    "selected_api_key",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="apikeys.userapikey",
                    ),
                ),
            ],
            options={
                "db_table": "user_profiles",
            },
        ),
        migrations.CreateModel(
            name="RefreshFamily",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("current_jti", models.UUIDField(default=uuid.uuid4)),
                ("previous_jti", models.UUIDField(null=True)),
                (
                    "rotated_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="When current_jti was made."
                    ),
                ),
                ("revoked_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refresh_families",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "refresh families",
                "db_table": "refresh_families",
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(fields=["user", "expires_at"], name="refresh_families_of_user")
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountAudit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("actor_name", models.CharField(max_length=150)),
                (
                    "via",
                    models.CharField(
                        choices=[("api", "page or API"), ("admin", "admin")], max_length=10
                    ),
                ),
                ("user_name", models.CharField(max_length=150)),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("create", "account made"),
                            ("password", "password set"),
                            ("rights", "rights changed"),
                            ("change", "name or address changed"),
                            ("activate", "switched on"),
                            ("deactivate", "switched off"),
                            ("delete", "deleted"),
                        ],
                        max_length=20,
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=200)),
                (
                    "read_at",
                    models.DateTimeField(help_text="When the user had read of it.", null=True),
                ),
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
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="account_audit",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "account audit entry",
                "verbose_name_plural": "account audit",
                "db_table": "account_audit",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["user", "-id"], name="account_audit_of_user")],
            },
        ),
        migrations.CreateModel(
            name="KnownOrigin",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("last_at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "known_origins",
            },
        ),
    ]
