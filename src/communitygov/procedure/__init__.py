"""Procedure: how a case is handled, step by step, by whom and by when."""
