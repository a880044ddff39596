"""How soon alerts come and how often they are false: simulated streams with planted shifts."""
