"""What people write: personas, scenarios, topics and policies, checked together."""
