"""From YAML text to located data, layers, checks and rules."""
