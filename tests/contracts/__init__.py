"""Old messages must stay readable."""
