from django.db import migrations

# Every session's meeting knows its program as a series, and the gap that the plan that holds asks for: pace / 3.
FILL = """
UPDATE practice_meeting m
SET series = s.program_id, series_gap = make_interval(days => (
    SELECT p.pace_days FROM programs_plan p
    WHERE p.program_id = s.program_id AND p.status = 'signed' ORDER BY p.number DESC LIMIT 1
)) / 3
FROM programs_attempt a JOIN programs_session s ON s.id = a.session_id
WHERE a.meeting_id = m.id
  AND EXISTS (SELECT 1 FROM programs_plan p WHERE p.program_id = s.program_id AND p.status = 'signed');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("practice", "0006_keep_the_gap_of_a_series"),
        ("programs", "0006_ask_each_client_after_the_end"),
    ]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
