"""Which version at arXiv a text of a paper is of."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0016_time_zones")]

    initial = False

    operations = [
        ops.AddField(model_name=model, name="arxiv_version", field=fields.SmallIntField(null=True))
        for model in ("Paper", "PaperText")
    ]
