"""Profiles: the rules of one place, in force on a day."""
