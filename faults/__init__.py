"""Things that break on command, for tests."""
