"""Pure functions of a trained model and its codes."""
