"""Enterprises and the facts their owners keep about them, once.

Domain code receives `eligibility.Facts`; only this room sees the stored rows and their provenance.
"""
