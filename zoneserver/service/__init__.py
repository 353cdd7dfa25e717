"""The running server: configuration, loading, reload. It owns the current zones."""
