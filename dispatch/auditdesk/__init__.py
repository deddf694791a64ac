"""What the auditor's desk keeps: saved searches and marks; what a call sheet tells besides."""
