"""What the answer hangs on: a screening of all assumptions, then indices of those that matter.

`python -m studies.what_matters` runs both, and writes designs, numbers, figures and page.
"""
