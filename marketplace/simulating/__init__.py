"""Simulations: a version of a policy against the one in force over all stored enterprises.

What is kept and shown of them tells of groups, never of anybody.
"""
