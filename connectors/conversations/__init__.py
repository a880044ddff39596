"""Windows of post vectors per conversation, and the intents that fix a batch's results."""
