"""Partitions: shards of the archive. One restored shard is one run of one partition."""

import dagster as dg

archive_shards = dg.DynamicPartitionsDefinition(name="archive_shards")
