"""The stream application: the Faust worker, its decisions in plain Python, and the command line."""
