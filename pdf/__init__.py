"""Printed documents: a frozen, localised document in, signed bytes out, and the check of such bytes.

Pure on purpose: no database, no web, no clock, so a document can be rendered and verified anywhere.
"""
