"""What issuers put into AI when bill rates fall, and through which channel it changes."""
