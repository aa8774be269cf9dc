"""The CAM lab: what the page is given to explain a mask."""
