"""Questions that take many histories: comparing scenarios."""
