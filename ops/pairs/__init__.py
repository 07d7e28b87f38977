"""Pairs of degraded and clean photos: made, kept, drawn from."""
