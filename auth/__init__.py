"""Who acts, for which tenant, with which consent.

The lowest room that knows people: policies and loans build on it, it knows neither of them.
"""
