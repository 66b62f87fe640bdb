"""What a run changes: its state, the losses, and the compiled updates."""
