"""Dialog that shows how a model of another program is understood."""
