"""Sessions played on several machines by the workers of a Ray cluster; the journal stays where the run was begun."""
