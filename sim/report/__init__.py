"""How results are shown: the figures of a run, its report page, numbers as text, and colours."""
