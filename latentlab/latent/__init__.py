"""Pure functions on a trained model and its codes."""
