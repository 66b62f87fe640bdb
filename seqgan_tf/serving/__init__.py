"""The SavedModel: made, published and checked."""
