from django.db import migrations, models

# What was offered before says what its service says now: nothing older is known.
FILL = """
UPDATE programs_plan p
SET minutes = s.minutes, free_cancel = s.free_cancel, free_move = s.free_move
FROM programs_program g JOIN practice_service s ON s.id = g.service_id
WHERE g.id = p.program_id AND p.status <> 'draft';
"""


class Migration(migrations.Migration):
    dependencies = [("programs", "0011_let_a_question_about_a_handover_end_unanswered")]

    operations = [
        migrations.AddField(
            model_name="plan",
            name="minutes",
            field=models.PositiveSmallIntegerField(
                blank=True, null=True, verbose_name="length of a session in minutes"
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="free_cancel",
            field=models.PositiveIntegerField(
                blank=True, null=True, verbose_name="free to cancel until … minutes before"
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="free_move",
            field=models.PositiveIntegerField(
                blank=True, null=True, verbose_name="free to move until … minutes before"
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "draft"),
                    models.Q(("free_cancel__isnull", False), ("free_move__isnull", False), ("minutes__isnull", False)),
                    _connector="OR",
                ),
                name="an_offered_plan_says_how_long_sessions_are",
            ),
        ),
    ]
