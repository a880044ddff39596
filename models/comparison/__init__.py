"""Systems trained side by side on several data sets, over seeds, and the tables of them."""
