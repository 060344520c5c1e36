"""Run folders: recording, reading and resuming training runs."""
