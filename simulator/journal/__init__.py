"""A run's memory: one SQLite database in which everything stands that was planned, said, paid and judged."""
