"""The way of sound from radio to ear and back: how long each stage takes and how loud it is.

Class telemetry: in memory for an hour, by link and by position, never by person, in no report.
"""
