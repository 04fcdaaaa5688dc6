"""The pages, one module each: `layout(query)` builds a page, `callbacks(app)` makes it work."""
