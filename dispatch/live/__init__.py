"""Live view through a media engine, stills, and clips that are kept."""
