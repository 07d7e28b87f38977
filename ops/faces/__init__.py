"""Faces: found, aligned, enhanced, guarded, blended back."""
