"""The Smart tool: masks refined by clicks, boxes and scribbles."""
