"""Profiles as plugins: found through entry points, loaded one by one."""
