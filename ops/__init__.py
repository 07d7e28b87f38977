"""The work: plain typed functions over photos, tensors and records. No Dagster here."""
