"""What papers do with their methods and datasets, and corrections of results."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from server.database.models.json_columns import encode
from server.database.models.terms import decode_mended


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0010_edit_requests")]

    initial = False

    operations = [
        ops.AddField(
            model_name="PaperTerm",
            name="role",
            field=fields.CharField(null=True, max_length=10),
        ),
        ops.AddField(
            model_name="CorrectedTerm",
            name="role",
            field=fields.CharField(null=True, max_length=10),
        ),
        ops.AddField(
            model_name="Correction",
            name="mended",
            field=fields.JSONField(encoder=encode, decoder=decode_mended, null=True),
        ),
    ]
