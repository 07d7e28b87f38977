"""Partitions: shards of the archive, and parts of the synthetic pairs. One partition is one run."""

import dagster as dg

archive_shards = dg.DynamicPartitionsDefinition(name="archive_shards")

pair_parts = dg.StaticPartitionsDefinition([f"part-{number:02d}" for number in range(1, 17)])
"""Every sixteenth shard, whatever the scale: how many shards there are is the recipe's, how many make them yours."""
