"""Places that the site supplies: names for positions, search, lines for the map."""
