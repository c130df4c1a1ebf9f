"""Indexes: weighted trees of indicators that score subjects."""
