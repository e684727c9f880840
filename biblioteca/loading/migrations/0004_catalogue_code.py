"""Every new database is a catalogue of its own, and says which one."""

import secrets

from django.db import migrations


def name_catalogue(apps, schema_editor):
    """Give this catalogue its code, once."""
    catalogue = apps.get_model("loading", "Catalogue")
    rows = catalogue._default_manager.using(schema_editor.connection.alias)
    if not rows.exists():
        rows.create(codigo=f"biblioteca-{secrets.token_hex(8)}")


class Migration(migrations.Migration):
    dependencies = [("loading", "0003_catalogue")]

    operations = [migrations.RunPython(name_catalogue, migrations.RunPython.noop)]
