"""Policies: what was issued, by whom, since when, with which rule; drafts, review by a second person, and matching.

Blind to loans; knows the engine, and who acts.
"""
