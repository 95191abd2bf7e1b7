from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("practice", "0008_whose_link_it_is"),
    ]

    operations = [
        migrations.AddField(
            model_name="consent",
            name="given_for",
            field=models.UUIDField(
                blank=True, help_text="the program it was given for; empty for a booking", null=True
            ),
        ),
    ]
