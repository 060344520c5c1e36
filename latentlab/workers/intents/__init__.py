"""Actions that panels trigger through the controller, one file per topic."""
