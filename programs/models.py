"""Counseling programs."""
