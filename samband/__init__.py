"""The program: command line and wiring. The one place that knows every package."""
