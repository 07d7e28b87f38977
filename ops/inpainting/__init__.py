"""What the inpainter learns from."""
