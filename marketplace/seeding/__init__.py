"""What a fresh database is filled with, step by step: reference lists, the policy pack, demo accounts.

Every step can run again: it looks at what is there and adds only what is missing.
"""
