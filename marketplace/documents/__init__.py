"""Papers the service prints, seals and checks: fonts, key, register and the public check of a file.

What a paper looks like is the pdf room's matter, what it says the loans room's; both meet the state folder here.
"""
