"""The policies of single commands: evaluation, gaps, the bot, training."""
