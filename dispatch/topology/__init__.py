"""What hangs on what in a plan: a picture, loops and single points of failure. Pure."""
