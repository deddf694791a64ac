"""People and what they may do: permissions, grants, passwords, sessions."""
