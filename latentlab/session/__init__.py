"""The application without its window: state, requests, explorer, run folders, export."""
