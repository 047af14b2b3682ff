"""Work that no request waits for: the queue in the database, the worker process that empties it, and its keeper.

A job is only a reminder that there is work; what is to be done and how far it got stands in tables of its own, so that
a job that comes twice, or never, changes nothing.
"""
