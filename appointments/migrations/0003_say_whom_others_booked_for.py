from django.db import migrations

# Who was booked for by somebody else, and never booked for themselves, has that person's address.
FILL = """
UPDATE practice_client c SET is_booked_for = true
WHERE EXISTS (SELECT 1 FROM appointments_consultation o WHERE o.client_id = c.id AND o.for_someone_else)
  AND NOT EXISTS (SELECT 1 FROM appointments_consultation o WHERE o.client_id = c.id AND NOT o.for_someone_else);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("practice", "0007_know_who_was_booked_for"),
        ("appointments", "0002_one_index_for_a_key"),
    ]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
