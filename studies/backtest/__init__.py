"""The results and figures of docs/backtest.md."""
