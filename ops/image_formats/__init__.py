"""The file formats of photographs: one file each, bytes to samples and back. `ops.images` is the door to them."""
