from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0011_history_permissions"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="historyentry",
            index=models.Index(fields=["momento", "id"], name="records_history_moment"),
        ),
    ]
