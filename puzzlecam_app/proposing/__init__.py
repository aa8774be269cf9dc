"""From a picture in the database to its heatmaps and its proposed mask."""
