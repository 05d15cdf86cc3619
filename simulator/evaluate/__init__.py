"""Is the trained lead the character that was asked for? Probes, measures on text, statistics, one scorecard."""
