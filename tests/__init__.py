"""Tests mirror the source, folder by folder.

A package, so that tests/pdf is `tests.pdf` and never stands before the room `pdf` on the path.
"""
