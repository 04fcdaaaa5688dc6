"""The interactive figures of the Compare and Sweep pages, made with Plotly as JSON that the browser draws."""
