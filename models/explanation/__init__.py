"""Why a post was scored as it was: shares of modalities, earlier posts and words, and a check."""
