"""People: accounts, sessions, roles, the permission table, and the audit log."""
