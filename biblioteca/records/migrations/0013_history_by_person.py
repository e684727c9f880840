from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0012_history_by_moment"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="historyentry",
            index=models.Index(fields=["quem", "momento", "id"], name="records_history_person"),
        ),
    ]
