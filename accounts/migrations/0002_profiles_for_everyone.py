from django.conf import settings
from django.db import migrations


def make_profiles(apps, schema_editor):
    user_model = apps.get_model(*settings.AUTH_USER_MODEL.split("."))
    profile_model = apps.get_model("accounts", "UserProfile")
    profile_model.objects.bulk_create(
        [profile_model(user=user) for user in user_model.objects.filter(profile=None).iterator()],
        batch_size=500,
    )


class Migration(migrations.Migration):
    """Users who were there before this app get a profile too."""

    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunPython(make_profiles, migrations.RunPython.noop)]
