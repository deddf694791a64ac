"""What frames say: link control, signalling blocks, encryption, number tables."""
