"""The real channel: the wire and events, the bot, the staged channel, and the logs that people have kept."""
