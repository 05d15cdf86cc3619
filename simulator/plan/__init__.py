"""What will be played: quotas, and the plan of each session."""
