"""Plans: drafts, checks, comparison, simulation, activation and the way back."""
