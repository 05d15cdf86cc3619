"""The formats, by family: one module each, with a declared grammar or a reader of records for every program."""
