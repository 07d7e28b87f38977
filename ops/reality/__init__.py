"""How near the synthetic damage comes to real old photos: statistics of both, a comparison, and a judge."""
