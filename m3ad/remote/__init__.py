"""Pictures that lie in a bucket: a path that fetches its file when it is opened, and the cache that keeps it here."""
