"""Recordings and spool of a gateway: files only, so that a site goes on when the centre is away."""
