from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0010_expunging"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="historyentry",
            options={
                "default_permissions": ("view",),
                "verbose_name": "history entry",
                "verbose_name_plural": "history entries",
            },
        ),
    ]
