"""What every visitor may use before registering: the reference lists and the answers of an eligibility check.

Apart from profiles, because nothing here belongs to an enterprise yet.
"""
