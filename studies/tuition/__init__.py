"""What failed bets do to the coin, by whose money they were made with."""
