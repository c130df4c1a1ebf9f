"""Measures and expectations: targets, rates, standards, trends and facts."""
