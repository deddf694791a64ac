"""The radio side of Samband: domain model, protocol cores, bus, recording, call engine."""
