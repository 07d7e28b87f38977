"""What the shipped weights learnt from and no package brings, made anew from freely licensed sources."""
