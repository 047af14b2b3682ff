"""What people are told: pushes, inbox, e-mail, webhooks, reminders; on PostgreSQL, real servers at the far end."""
