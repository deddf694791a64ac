"""What auditor, supervisor and authority read: figures without persons, and the log."""
