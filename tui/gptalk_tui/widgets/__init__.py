"""The parts of a screen; they know models, errors and text only."""
