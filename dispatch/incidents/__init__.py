"""Incidents: what happened, and which calls, talkgroups and notes hang on it."""
