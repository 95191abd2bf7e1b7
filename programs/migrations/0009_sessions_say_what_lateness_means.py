from django.db import migrations

# What the plan that holds says of a late cancellation, on the meeting of every session.
FILL = """
UPDATE practice_meeting m
SET late_rule = (
    SELECT p.late_cancel_rule FROM programs_plan p
    WHERE p.program_id = s.program_id AND p.status = 'signed' ORDER BY p.number DESC LIMIT 1
)
FROM programs_attempt a JOIN programs_session s ON s.id = a.session_id
WHERE a.meeting_id = m.id
  AND EXISTS (SELECT 1 FROM programs_plan p WHERE p.program_id = s.program_id AND p.status = 'signed');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("practice", "0011_say_what_lateness_means"),
        ("programs", "0008_consents_belong_to_their_program"),
    ]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
