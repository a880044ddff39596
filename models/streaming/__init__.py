"""One step a post on a CPU: kept states of conversations, and what moves them on."""
