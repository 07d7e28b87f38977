"""One file of assets a group. An asset is a name, its inputs, one call into ``ops`` and its metadata."""
