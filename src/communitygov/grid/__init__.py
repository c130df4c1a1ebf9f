"""Grid: who is where, and who answers for what."""
