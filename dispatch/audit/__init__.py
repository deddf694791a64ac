"""The audit log: an RFC 6962 tree of canonical entries, its signed checkpoints and its head."""
