"""Telling people: the inbox on the site, e-mail, webhooks; pushes of policies, reminders before deadlines.

Everything told begins as a row of the inbox; e-mails and webhooks are copies, planned in the row's own transaction.
"""
