"""Measurements of speed. Run by `make bench`, never by the tests."""
