"""Documents become a LoRA: what the loss sees, the training itself, and what is kept of an adapter."""
