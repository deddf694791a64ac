"""Reading other people's talkgroup lists into a plan."""
