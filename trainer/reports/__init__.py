"""A run as pages and pictures: the HTML report and the figures of the paper."""
