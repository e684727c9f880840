from django.db import migrations

# MariaDB's usual collation holds two people for one whose identifiers differ by case or accents.
STATEMENT = (
    "ALTER TABLE social_auth_usersocialauth MODIFY uid varchar(255) "
    "CHARACTER SET utf8mb4 COLLATE {} NOT NULL"
)


def compare_by_code_point(apps, schema_editor):
    if schema_editor.connection.vendor == "mysql":
        schema_editor.execute(STATEMENT.format("utf8mb4_bin"))


class Migration(migrations.Migration):
    # MySQL commits with every change of a table.
    atomic = False

    dependencies = [
        ("backoffice", "0001_accessentry"),
        ("social_django", "0022_nonce_timestamp_index"),
    ]

    operations = [migrations.RunPython(compare_by_code_point, migrations.RunPython.noop)]
