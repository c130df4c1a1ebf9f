"""Deliberation: when a vote is valid, when it passes, and why."""
