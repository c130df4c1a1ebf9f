"""Certification: who is certified at which tier by a year's rank, and what follows from it."""
