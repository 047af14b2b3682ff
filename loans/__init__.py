"""Loans: products, offers with all-in rates, applications, the officer's queue and decisions.

Blind to policies and to marketplace: facts and applicants come in as values, text leaves as codes.
"""
