"""How a run is shown: figures, its report page, numbers in words and colours."""
