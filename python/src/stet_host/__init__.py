"""Runs the Python of run files for Stet, in a process of its own."""
