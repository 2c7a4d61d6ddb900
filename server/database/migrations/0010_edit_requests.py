"""Which request a write's id was used for, so that another one cannot reuse it."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0009_citations")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Change",
            name="request",
            field=fields.CharField(null=True, max_length=64),
        )
    ]
