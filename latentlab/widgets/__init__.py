"""Qt widgets: they render the state and send intents to the controller; no torch."""
