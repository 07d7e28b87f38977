"""Where photos lie: one small storage interface with two homes, a folder and an S3 bucket."""
