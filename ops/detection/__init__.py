"""Finding defects: what there is to find, whose annotations say so, and how well the detector does."""
