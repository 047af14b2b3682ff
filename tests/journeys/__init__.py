"""Journeys through the running service in a real browser: whole ways of people, from a first page to a paper.

Apart from the other tests because each needs a served application and Chromium, and so is worth a whole way.
"""
