"""Media by their URL, without harm to whose network this is, nor to whose server it is."""
