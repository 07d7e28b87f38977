"""Where photographs come from: free packages by default, the user's own folders and buckets by one setting."""
