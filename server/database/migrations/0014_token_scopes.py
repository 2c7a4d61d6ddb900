"""What a token may be used for."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0013_imports")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Token",
            name="scopes",
            field=fields.CharField(null=True, max_length=40),
        )
    ]
