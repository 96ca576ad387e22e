"""Sessions whose rows hold the cookie itself are of no use any more, and worth something to a thief."""

from django.db import migrations


def forget(apps, schema_editor):
    apps.get_model("sessions", "Session").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_account_audit"), ("sessions", "0001_initial")]
    operations = [migrations.RunPython(forget, forget)]
