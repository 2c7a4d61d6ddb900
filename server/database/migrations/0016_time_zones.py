"""The time zone that a user's days are counted in."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0015_other_programs")]

    initial = False

    operations = [
        ops.AddField(
            model_name="User",
            name="zone",
            field=fields.CharField(null=True, max_length=64),
        )
    ]
