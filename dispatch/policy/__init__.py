"""The policy: how long things are kept, what is recorded, who may, what needs two persons."""
