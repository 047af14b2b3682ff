"""Tests of signing in, sessions, guards, consents and the audit log.

A package, so that its clock and its forgeries can be imported by name.
"""
