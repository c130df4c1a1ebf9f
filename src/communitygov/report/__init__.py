"""Showing results to people and to machines: steps, problems, tables and the page of a simulation."""
