"""Provisions: the small rules around communities, each with its rules, its verb and its explanation."""
