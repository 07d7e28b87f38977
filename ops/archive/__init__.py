"""Restoring a collection: what is there (manifest), the work (shard), what was done (ledger), and how (provenance)."""
