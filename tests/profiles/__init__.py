"""Tests of enterprises and their facts.

A package like its neighbours, so that file names need not be unique over all tests.
"""
