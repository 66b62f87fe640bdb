"""What a run changes: losses, state, and the compiled updates."""
