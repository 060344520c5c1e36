"""Qt widgets: they render state and announce intents, and never reach torch."""
