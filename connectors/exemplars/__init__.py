"""Example posts of each track: the newest that the model was sure of, by sentiment and emotion."""
