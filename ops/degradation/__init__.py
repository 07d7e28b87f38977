"""Synthetic damage: what old photographs suffer, drawn as a plan of numbers first and applied to pixels second."""
