"""Tables, migrations, connections, versioned edits, change records and row serializers."""
