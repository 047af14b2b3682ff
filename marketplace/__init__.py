"""The marketplace: the one service that joins policies, loans, accounts, pages and the command line.

It may import every other room; nobody imports it, so that each room below stays usable and testable alone.
"""
