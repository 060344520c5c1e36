"""What panels may ask the controller to do, one file per topic."""
