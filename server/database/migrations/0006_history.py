"""A quick way to what was done about a paper."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("papermargin", "0005_corrected_terms")]

    initial = False

    operations = [ops.AddIndex(model_name="Change", index=Index(fields=["paper_key"]))]
