"""Policies in and out: packs, spreadsheets and decision tables read into proposals, and the coverage they give.

The texts themselves are the policies room's; here they meet spreadsheets and the population.
"""
