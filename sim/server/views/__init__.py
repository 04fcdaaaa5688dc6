"""What a browser is sent of a history, part by part."""
