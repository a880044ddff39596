"""How many partitions, workers, cores and servers a number of posts a second needs.

A simulation of the pipeline in virtual time, its costs, and a plan. Nothing here talks to a server.
"""
