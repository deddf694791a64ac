"""P25 Phase 1: frames on air, words, calls, and the interfaces of base stations and networks."""
