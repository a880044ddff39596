"""Speed against peers and ceilings; each prints a table and writes JSON."""
