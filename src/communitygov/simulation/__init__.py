"""Simulation: rules applied to facts that have not happened yet, many times over, and compared."""
