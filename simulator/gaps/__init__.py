"""How the lead's behaviour in a channel differs from the plan and the corpus."""
