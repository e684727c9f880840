from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0013_history_by_person"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="historyentry",
            index=models.Index(fields=["porta", "momento", "id"], name="records_history_door"),
        ),
    ]
