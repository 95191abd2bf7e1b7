from django.db import migrations, models

# Care that is current and ends when no meeting of the two says so was prolonged on purpose.
PROMISED_SO_FAR = """
UPDATE practice_carerelationship c SET promised_until = c.ends_at
WHERE c.ends_at > now() AND NOT EXISTS (
    SELECT 1 FROM practice_meeting m JOIN practice_participant p ON p.meeting_id = m.id
    WHERE m.counselor_id = c.counselor_id AND p.client_id = c.client_id
      AND m.ends_at + interval '30 days' = c.ends_at
)
"""


class Migration(migrations.Migration):
    dependencies = [("practice", "0011_say_what_lateness_means")]

    operations = [
        migrations.AddField(
            model_name="carerelationship",
            name="promised_until",
            field=models.DateTimeField(
                blank=True, help_text="by the rooms above: no cancellation ends it before", null=True
            ),
        ),
        migrations.RunSQL(PROMISED_SO_FAR, migrations.RunSQL.noop),
    ]
