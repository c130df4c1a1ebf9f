"""Small shared values that everything else is said in. Imports nothing of the project above it."""
