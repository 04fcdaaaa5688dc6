"""A history as a folder: recorder, writer, manifest, and the run that reads it back."""
