"""How the lead's behaviour in a channel differs from the brief and the corpus."""
