"""One step a post: kept states of conversations, and what moves them on, on a CPU or a GPU."""
