"""The numbered steps from an empty database to the one the code expects, run by marketplace/migrating.py.

A package only so that the arrows of the house can be checked; nobody imports it.
"""
